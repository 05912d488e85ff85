package io.github.internvl.internal.model;

import io.github.internvl.CheckpointException;
import io.github.internvl.internal.checkpoint.SafeTensorsWriter;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.torch.NumberFormat;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that is put together from parts of stored ones, one behind the other along an axis.
 *
 * @param name its name
 * @param shape its sizes
 * @param axis 0 for rows; 1 for columns, as the outputs of 4-bit weights are
 * @param spans the parts
 */
record MovedTensor(String name, long[] shape, int axis, List<Span> spans) implements SafeTensorsWriter.Source {
    private static final int BUFFER_BYTES = 8 << 20;

    /**
     * A part of a tensor.
     *
     * @param first its first row or column
     * @param count how many; -1 for the whole tensor
     */
    record Span(StoredTensor tensor, long first, long count) {
        static Span whole(StoredTensor tensor) {
            return new Span(tensor, 0, -1);
        }

        /** Some outputs of a linear, where one number of the tensor holds {@code unit} of them. */
        static Span of(StoredTensor tensor, long first, long count, int unit, String wanted) {
            if (first % unit != 0 || count % unit != 0) {
                throw new CheckpointException(wanted + ": heads must be multiples of " + unit
                        + " wide, so that their 4-bit weights can be taken apart: " + count);
            }
            return new Span(tensor, first / unit, count / unit);
        }

        private boolean isWhole() {
            return count < 0;
        }
    }

    @Override
    public NumberFormat format() {
        return spans.get(0).tensor().format();
    }

    @Override
    public void writeTo(FileChannel file) throws IOException {
        if (axis == 0 || spans.get(0).isWhole()) {
            for (Span span : spans) {
                StoredTensor tensor = span.tensor();
                long row = tensor.shape().length == 0 ? tensor.bytes() : tensor.bytes() / tensor.shape()[0];
                long from = span.isWhole() ? 0 : span.first() * row;
                transfer(tensor, from, span.isWhole() ? tensor.bytes() : span.count() * row, file);
            }
        } else {
            writeColumns(file);
        }
    }

    private static void transfer(StoredTensor tensor, long from, long bytes, FileChannel to) throws IOException {
        try (FileChannel channel = FileChannel.open(tensor.file())) {
            long done = 0;
            while (done < bytes) {
                long some = channel.transferTo(tensor.offset() + from + done, bytes - done, to);
                if (some == 0) {
                    throw new EOFException(tensor.file() + " has become shorter");
                }
                done += some;
            }
        }
    }

    /** Some rows of all spans at a time, and their columns row by row. */
    private void writeColumns(FileChannel file) throws IOException {
        long rows = shape[0];
        long widest = spans.stream()
                .mapToLong(span -> span.tensor().bytes() / rows)
                .max()
                .orElseThrow();
        int step = (int) Math.max(1, Math.min(rows, BUFFER_BYTES / widest));
        for (long row = 0; row < rows; row += step) {
            int count = (int) Math.min(step, rows - row);
            List<ByteBuffer> read = new ArrayList<>();
            for (Span span : spans) {
                boolean again = !read.isEmpty()
                        && span.tensor().equals(spans.get(read.size() - 1).tensor());
                read.add(again ? read.get(read.size() - 1) : read(span.tensor(), rows, row, count));
            }
            ByteBuffer out = ByteBuffer.allocate((int) (count * bytes() / rows));
            for (int i = 0; i < count; i++) {
                for (int s = 0; s < spans.size(); s++) {
                    Span span = spans.get(s);
                    int width = (int) (span.tensor().bytes() / rows);
                    int number = span.tensor().format().bytes();
                    out.put(read.get(s).slice(i * width + (int) span.first() * number, (int) span.count() * number));
                }
            }
            out.flip();
            while (out.hasRemaining()) {
                file.write(out);
            }
        }
    }

    private static ByteBuffer read(StoredTensor tensor, long rows, long first, int count) throws IOException {
        long row = tensor.bytes() / rows;
        ByteBuffer buffer = ByteBuffer.allocate((int) (count * row));
        try (FileChannel channel = FileChannel.open(tensor.file())) {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, tensor.offset() + first * row + buffer.position()) < 0) {
                    throw new EOFException(tensor.file() + " has become shorter");
                }
            }
        }
        return buffer;
    }
}
