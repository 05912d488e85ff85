package io.github.internvl.spark;

import io.github.internvl.ChatRequest;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a row as a request. A picture is a file's bytes, a struct with a {@code content} of such bytes as Spark's {@code
 * binaryFile} source gives it, or the pixels that its source of pictures gives; or an array of them.
 *
 * @param images columns of pictures, in the order of the tags
 * @param video the column of a video, or null
 * @param frames frames taken of it
 * @param question the column of the question
 * @param systemMessage the column of the system message, or null
 * @param history the column of earlier rounds, or null
 * @param settings the settings of all rows
 */
record RowReader(
        List<Integer> images,
        @Nullable Integer video,
        int frames,
        int question,
        @Nullable Integer systemMessage,
        @Nullable Integer history,
        RequestSettings settings)
        implements Serializable {
    private static final String CONTENT = "content";
    private static final Map<String, DataType> FILE = Map.of(CONTENT, DataTypes.BinaryType);
    private static final Map<String, DataType> PIXELS = Map.of(
            "height", DataTypes.IntegerType,
            "width", DataTypes.IntegerType,
            "nChannels", DataTypes.IntegerType,
            "data", DataTypes.BinaryType);
    private static final Map<String, DataType> ROUND =
            Map.of("question", DataTypes.StringType, "answer", DataTypes.StringType);

    /**
     * The settings that all rows share.
     *
     * @param generation the settings of generation
     * @param seed the seed from which each row derives its own
     * @param timeout the time for a row; null for no limit
     * @param maxTiles most tiles of a picture; 0 for the model's own
     * @param untrustedText whether special tokens in texts are ordinary text
     */
    record RequestSettings(
            GenerationState generation, long seed, @Nullable Duration timeout, int maxTiles, boolean untrustedText)
            implements Serializable {}

    /** The names of the columns; null for none. */
    record Names(
            List<String> images,
            @Nullable String video,
            int frames,
            String question,
            @Nullable String systemMessage,
            @Nullable String history) {}

    /** The reader of rows with a schema; refuses columns that are not there or of another type. */
    static RowReader of(Names names, StructType schema, RequestSettings settings) {
        return new RowReader(
                names.images.stream()
                        .map(name -> column(schema, name, "pictures", RowReader::isPicture))
                        .toList(),
                names.video == null ? null : column(schema, names.video, "a video", RowReader::isFile),
                names.frames,
                column(schema, names.question, "the question", RowReader::isText),
                names.systemMessage == null
                        ? null
                        : column(schema, names.systemMessage, "the system message", RowReader::isText),
                names.history == null ? null : column(schema, names.history, "the history", RowReader::isHistory),
                settings);
    }

    private interface TypeCheck {
        boolean accepts(DataType type);
    }

    private static Integer column(StructType schema, String name, String content, TypeCheck check) {
        List<String> names = Arrays.asList(schema.fieldNames());
        int index = names.indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException(
                    "the column of " + content + " must be one of the rows: " + name + "; there are " + names);
        }
        DataType type = schema.fields()[index].dataType();
        if (!check.accepts(type)) {
            throw new IllegalArgumentException(
                    "the column of " + content + " has another type: " + name + " is " + type.catalogString()
                            + "; pictures are binary, array<binary>, or a struct of the sources binaryFile and image,"
                            + " a video is binary, a text is string,"
                            + " and a history is array<struct<question:string,answer:string>>");
        }
        return index;
    }

    static boolean isPicture(DataType type) {
        return type instanceof ArrayType array ? isOnePicture(array.elementType()) : isOnePicture(type);
    }

    private static boolean isOnePicture(DataType type) {
        return isFile(type) || (type instanceof StructType struct && has(struct, PIXELS));
    }

    private static boolean isFile(DataType type) {
        return type instanceof BinaryType || (type instanceof StructType struct && has(struct, FILE));
    }

    static boolean isText(DataType type) {
        return type instanceof StringType;
    }

    private static boolean isHistory(DataType type) {
        return type instanceof ArrayType array && array.elementType() instanceof StructType round && has(round, ROUND);
    }

    private static boolean has(StructType type, Map<String, DataType> fields) {
        return Arrays.stream(type.fields())
                        .filter(field -> field.dataType().equals(fields.get(field.name())))
                        .count()
                == fields.size();
    }

    /** The request of a row, its pictures decoded, with the bytes that it holds. */
    Asked read(Row row) {
        String asked = text(row, question, "question");
        List<Object> pictures =
                images.stream().flatMap(index -> values(row, index)).toList();
        List<ChatRequest.Turn> rounds = rounds(row);
        String system = systemMessage == null || row.isNullAt(systemMessage)
                ? null
                : text(row, systemMessage, "system message");
        byte[] clip = video == null ? null : file(required(row.get(video), "video"));
        RowSeed seed = new RowSeed(settings.seed).add(asked).add(system);
        ChatRequest.Builder request =
                ChatRequest.builder().text(asked).history(rounds).untrustedText(settings.untrustedText);
        if (system != null) {
            request.systemMessage(system);
        }
        if (clip != null) {
            request.video(Video.of(clip), frames);
            seed.add(clip);
        } else {
            request.images(pictures.stream().map(RowReader::picture).toList());
            pictures.forEach(picture -> seed.add(bytes(picture)));
        }
        rounds.forEach(round -> seed.add(round.question()).add(round.answer()));
        return asked(request, seed);
    }

    private Asked asked(ChatRequest.Builder request, RowSeed seed) {
        request.generation(settings.generation.config());
        if (settings.generation.draw().enabled()) {
            request.seed(seed.value());
        }
        if (settings.maxTiles > 0) {
            request.maxTiles(settings.maxTiles);
        }
        if (settings.timeout != null) {
            request.timeout(settings.timeout);
        }
        ChatRequest made = request.build();
        long pixels = made.images().stream()
                .mapToLong(image -> 3L * image.width() * image.height())
                .sum();
        return new Asked(made, pixels);
    }

    /**
     * A request, and the memory that it takes beside its row until it is answered.
     *
     * @param bytes bytes of its pixels
     */
    record Asked(ChatRequest request, long bytes) {}

    /** The bytes of the files in a row, whether they can be decoded or not. */
    long fileBytes(Row row) {
        long bytes = video == null ? 0 : size(row.get(video));
        for (int index : images) {
            Object value = row.get(index);
            boolean single = value == null || value instanceof byte[] || value instanceof Row;
            List<?> files = single || value instanceof Object[] ? List.of() : row.getList(index);
            bytes += size(value);
            for (Object file : value instanceof Object[] array ? Arrays.asList(array) : files) {
                bytes += size(file);
            }
        }
        return bytes;
    }

    private static long size(@Nullable Object file) {
        if (file instanceof Row struct) {
            return size(struct.get(struct.fieldIndex(field(struct))));
        }
        return file instanceof byte[] bytes ? bytes.length : 0;
    }

    private static Stream<Object> values(Row row, int index) {
        Object value = required(row.get(index), "picture");
        if (value instanceof byte[] || value instanceof Row) {
            return Stream.of(value);
        }
        Stream<?> elements = value instanceof Object[] array ? Arrays.stream(array) : row.getList(index).stream();
        return elements.map(element -> required(element, "picture"));
    }

    private static Object required(@Nullable Object value, String content) {
        if (value == null) {
            throw new InvalidRequestException(
                    "the " + content + " of a row must not be null; leave such rows out, or give them a value");
        }
        return value;
    }

    private static String text(Row row, int index, String content) {
        return (String) required(row.get(index), content);
    }

    private List<ChatRequest.Turn> rounds(Row row) {
        List<ChatRequest.Turn> rounds = new ArrayList<>();
        if (history != null && !row.isNullAt(history)) {
            for (Object element : row.getList(history)) {
                Row round = (Row) required(element, "round");
                rounds.add(new ChatRequest.Turn(
                        text(round, round.fieldIndex("question"), "question of a round"),
                        text(round, round.fieldIndex("answer"), "answer of a round")));
            }
        }
        return rounds;
    }

    private static byte[] file(Object value) {
        return value instanceof Row struct ? bytes(struct) : (byte[]) value;
    }

    private static byte[] bytes(Object picture) {
        if (picture instanceof Row struct) {
            String field = field(struct);
            return (byte[]) required(struct.get(struct.fieldIndex(field)), field);
        }
        return (byte[]) picture;
    }

    /** The field of a struct that holds its file or its pixels. */
    private static String field(Row struct) {
        return List.of(struct.schema().fieldNames()).contains(CONTENT) ? CONTENT : "data";
    }

    private static Image picture(Object value) {
        if (value instanceof Row struct && !field(struct).equals(CONTENT)) {
            return SparkPixels.of(struct);
        }
        return Image.of(bytes(value));
    }
}
