package io.github.internvl.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads one Protocol Buffers message field by field: call {@link #next}, then the reading method of the field's type or
 * {@link #skip}. A message that ends too early gives a {@link java.nio.BufferUnderflowException}, one that is damaged an
 * {@link IllegalArgumentException}.
 */
final class ProtoReader {
    private final ByteBuffer data;
    private int key;

    ProtoReader(ByteBuffer data) {
        this.data = data.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Moves on to the next field, false at the end of the message. */
    boolean next() {
        if (!data.hasRemaining()) {
            return false;
        }
        key = (int) varint();
        return true;
    }

    int field() {
        return key >>> 3;
    }

    boolean bool() {
        expect(0);
        return varint() != 0;
    }

    int integer() {
        expect(0);
        return (int) varint();
    }

    float number() {
        expect(5);
        return data.getFloat();
    }

    String string() {
        return StandardCharsets.UTF_8.decode(block()).toString();
    }

    ProtoReader message() {
        return new ProtoReader(block());
    }

    void skip() {
        switch (key & 7) {
            case 0 -> varint();
            case 1 -> data.getLong();
            case 2 -> block();
            case 5 -> data.getInt();
            default -> throw new IllegalArgumentException("wire type " + (key & 7) + " at byte " + data.position());
        }
    }

    private ByteBuffer block() {
        expect(2);
        long length = varint();
        if (length < 0 || length > data.remaining()) {
            throw new IllegalArgumentException(length + " bytes at byte " + data.position() + " of " + data.limit());
        }
        ByteBuffer block = data.slice(data.position(), (int) length);
        data.position(data.position() + (int) length);
        return block;
    }

    private void expect(int wireType) {
        if ((key & 7) != wireType) {
            throw new IllegalArgumentException("field " + field() + " of wire type " + (key & 7));
        }
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte b = data.get();
            value |= (b & 0x7FL) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("number of more than 64 bits at byte " + data.position());
    }
}
