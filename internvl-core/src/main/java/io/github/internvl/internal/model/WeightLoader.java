package io.github.internvl.internal.model;

import io.github.internvl.CheckpointException;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.torch.ScriptModule;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Binds the tensors of a checkpoint to tables for the graphs: each exactly once, after all of them have been checked.
 * {@code table.py} maps the files, or copies what they hold; no weight passes through Java.
 */
final class WeightLoader {
    private static final int LISTED = 12;

    private WeightLoader() {}

    /** Checks that the weights wanted and the tensors found are the same, and reports all differences together. */
    static void check(Checkpoint checkpoint, List<Weight> wanted) {
        List<String> missing = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        Set<String> left = new HashSet<>(checkpoint.tensors().keySet());
        for (Weight weight : wanted) {
            left.remove(weight.stored());
            StoredTensor found = checkpoint.tensors().get(weight.stored());
            if (found == null) {
                if (!weight.optional()) {
                    missing.add(weight.stored());
                }
            } else if (!Arrays.equals(found.shape(), weight.shape())) {
                wrong.add(weight.stored() + " has shape " + Arrays.toString(found.shape()) + ", expected "
                        + Arrays.toString(weight.shape()));
            } else if (!weight.fits(found.format())) {
                wrong.add(weight.stored() + " has format " + found.format().safetensorsName() + ", expected "
                        + weight.expected());
            }
        }
        left.removeIf(name -> name.endsWith("rotary_emb.inv_freq")); // a buffer that old writers kept
        if (!missing.isEmpty() || !wrong.isEmpty() || !left.isEmpty()) {
            throw new CheckpointException(checkpoint.folder() + ": the tensors do not match config.json:"
                    + list(" missing", missing) + list(" not fitting", wrong)
                    + list(" left over", left.stream().sorted().toList()));
        }
    }

    private static String list(String what, List<String> names) {
        if (names.isEmpty()) {
            return "";
        }
        String shown = String.join(", ", names.subList(0, Math.min(LISTED, names.size())));
        return what + " (" + names.size() + "): " + shown + (names.size() > LISTED ? ", …;" : ";");
    }

    /**
     * A new table of some weights, which {@link #check} has passed; the caller closes it.
     *
     * @param tables the compiled {@code table.py}
     */
    static ScriptModule.Handle bind(ScriptModule tables, Checkpoint checkpoint, List<Weight> weights) {
        ScriptModule.Handle table = tables.make("create");
        try {
            for (Weight weight : weights) {
                StoredTensor tensor = stored(checkpoint, weight);
                if (tensor.isAligned()) {
                    bind(tables, table, weight.name(), tensor, checkpoint.copied());
                } else {
                    bindCopy(tables, table, weight.name(), tensor);
                }
            }
            return table;
        } catch (RuntimeException | Error e) {
            table.close();
            throw e;
        }
    }

    private static StoredTensor stored(Checkpoint checkpoint, Weight weight) {
        StoredTensor own = checkpoint.tensors().get(weight.stored());
        return own != null ? own : Objects.requireNonNull(checkpoint.tensors().get(weight.otherwise()));
    }

    private static void bind(
            ScriptModule tables, ScriptModule.Handle table, String name, StoredTensor tensor, boolean copied) {
        int size = tensor.format().bytes();
        tables.run(
                "bind",
                table,
                name,
                tensor.file().toString(),
                tensor.format().code(),
                tensor.fileBytes() / size,
                tensor.offset() / size,
                tensor.shape(),
                copied);
    }

    /** A tensor at an odd place cannot be mapped as numbers; its bytes are mapped from a file of their own. */
    private static void bindCopy(ScriptModule tables, ScriptModule.Handle table, String name, StoredTensor tensor) {
        try {
            Path copy = Files.createTempFile("internvl-", ".tensor");
            copy.toFile().deleteOnExit(); // Windows cannot delete a mapped file
            try (FileChannel from = FileChannel.open(tensor.file());
                    FileChannel to = FileChannel.open(copy, StandardOpenOption.WRITE)) {
                long done = 0;
                while (done < tensor.bytes()) {
                    long some = from.transferTo(tensor.offset() + done, tensor.bytes() - done, to);
                    if (some == 0) {
                        throw new EOFException("the file has become shorter");
                    }
                    done += some;
                }
            }
            bind(
                    tables,
                    table,
                    name,
                    new StoredTensor(name, tensor.format(), tensor.shape(), copy, tensor.bytes(), 0),
                    false);
            if (!System.getProperty("os.name").startsWith("Windows")) {
                Files.delete(copy); // the mapping keeps the bytes
            }
        } catch (IOException e) {
            throw new CheckpointException(
                    tensor.file() + ": tensor " + tensor.name() + " cannot be copied to an aligned place: " + e
                            + "; set the system property java.io.tmpdir to a folder that can be written and has room",
                    e);
        }
    }
}
