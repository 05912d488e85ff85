package io.github.internvl.tokenizer;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@code tokenizer.model} file of SentencePiece: its pieces by id, and the settings that decide how text is split into them. A space
 * is U+2581 inside pieces.
 *
 * @param byteFallback characters outside the pieces are written as byte pieces {@code <0x00>}..{@code <0xFF>}
 * @param addsDummyPrefix a space is put in front of the text
 * @param removesExtraSpaces runs of spaces shrink to one, those at both ends vanish
 */
record SentencePieceModel(
        List<Piece> pieces, boolean byteFallback, boolean addsDummyPrefix, boolean removesExtraSpaces) {

    /** One piece; of two neighbours that could merge, the one giving the higher score merges first. */
    record Piece(String text, float score, PieceType type) {}

    enum PieceType {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE;

        /** The type with a number of sentencepiece_model.proto. */
        static PieceType of(int number) {
            return switch (number) {
                case 1 -> NORMAL;
                case 2 -> UNKNOWN;
                case 3 -> CONTROL;
                case 4 -> USER_DEFINED;
                case 5 -> UNUSED;
                case 6 -> BYTE;
                default -> throw new IllegalArgumentException("piece of type " + number);
            };
        }
    }

    private static final int BPE = 2;

    static SentencePieceModel read(Path file) {
        JsonFile.requireRegular(file);
        try {
            return new Reader(file).read(new ProtoReader(ByteBuffer.wrap(Files.readAllBytes(file))));
        } catch (IOException e) {
            throw TokenizerException.unreadable(file, e);
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new TokenizerException(
                    file + ": must be a whole SentencePiece model, but is cut short or damaged (" + e.getMessage()
                            + "); download it again from the checkpoint's repository",
                    e);
        }
    }

    /** Defaults are those of sentencepiece_model.proto. */
    private static final class Reader {
        private final Path file;
        private final List<Piece> pieces = new ArrayList<>();
        private boolean hasTrainer;
        private boolean hasNormalizer;
        private boolean byteFallback;
        private boolean addsDummyPrefix = true;
        private boolean removesExtraSpaces = true;

        Reader(Path file) {
            this.file = file;
        }

        SentencePieceModel read(ProtoReader model) {
            while (model.next()) {
                switch (model.field()) {
                    case 1 -> pieces.add(piece(model.message()));
                    case 2 -> trainer(model.message());
                    case 3 -> normalizer(model.message());
                    default -> model.skip();
                }
            }
            if (pieces.isEmpty() || !hasTrainer || !hasNormalizer) {
                throw new IllegalArgumentException("ends after " + pieces.size() + " pieces");
            }
            return new SentencePieceModel(List.copyOf(pieces), byteFallback, addsDummyPrefix, removesExtraSpaces);
        }

        private Piece piece(ProtoReader fields) {
            String text = "";
            float score = 0;
            int type = 1;
            while (fields.next()) {
                switch (fields.field()) {
                    case 1 -> text = fields.string();
                    case 2 -> score = fields.number();
                    case 3 -> type = fields.integer();
                    default -> fields.skip();
                }
            }
            return new Piece(text, score, PieceType.of(type));
        }

        private void trainer(ProtoReader fields) {
            int modelType = 1;
            while (fields.next()) {
                switch (fields.field()) {
                    case 3 -> modelType = fields.integer();
                    case 35 -> byteFallback = fields.bool();
                    default -> fields.skip();
                }
            }
            hasTrainer = true;
            if (modelType != BPE) {
                throw unsupported("the model type must be BPE (2): " + modelType);
            }
        }

        private void normalizer(ProtoReader fields) {
            boolean identity = true;
            boolean escapesSpaces = true;
            while (fields.next()) {
                switch (fields.field()) {
                    case 2 -> identity = fields.string().isEmpty();
                    case 3 -> addsDummyPrefix = fields.bool();
                    case 4 -> removesExtraSpaces = fields.bool();
                    case 5 -> escapesSpaces = fields.bool();
                    default -> fields.skip();
                }
            }
            hasNormalizer = true;
            if (!escapesSpaces) {
                throw unsupported("escape_whitespaces must be on, but is off");
            }
            if (!identity) {
                throw unsupported("the normalization must be 'identity', but the file holds a table of replacements");
            }
        }

        private TokenizerException unsupported(String problem) {
            return new TokenizerException(
                    file,
                    problem + "; use the tokenizer.model of an InternVL checkpoint, or a tokenizer.json made from it");
        }
    }
}
