package io.github.internvl.spark;

import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.InternVLException;
import io.github.internvl.OutputFormat;
import java.io.Serializable;
import java.time.Duration;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * The struct of an answer: its type, and its values.
 *
 * @param value the type of {@code value} by the schema of the format; null without one
 */
record AnswerType(@Nullable DataType value) implements Serializable {
    private static final StructType BOX = new StructType()
            .add("label", DataTypes.StringType)
            .add("x1", DataTypes.IntegerType)
            .add("y1", DataTypes.IntegerType)
            .add("x2", DataTypes.IntegerType)
            .add("y2", DataTypes.IntegerType);

    /** The type for answers of some settings. */
    static AnswerType of(GenerationState generation) {
        boolean typed = generation.formatKind().equals(OutputFormat.Kind.JSON_SCHEMA.name());
        return new AnswerType(typed ? JsonType.of(generation.formatTexts().get(0)) : null);
    }

    StructType struct() {
        StructType head = new StructType()
                .add("text", DataTypes.StringType)
                .add("finishReason", DataTypes.StringType)
                .add("promptTokens", DataTypes.IntegerType)
                .add("visualTokens", DataTypes.IntegerType)
                .add("generatedTokens", DataTypes.IntegerType)
                .add("seconds", DataTypes.DoubleType)
                .add("boxes", DataTypes.createArrayType(BOX));
        StructType typed = value == null ? head : head.add("value", value);
        return typed.add("error", DataTypes.StringType);
    }

    /** The answer as a struct. An answer that is not complete, or of no value by its schema, has an error too. */
    Row answered(ChatResponse response) {
        Object read = null;
        String error = null;
        if (response.finishReason() == FinishReason.TIMEOUT) {
            error = "the answer is not complete: the time of the row was over; give it more, or lower maxConcurrent";
        } else if (value != null && response.finishReason() != FinishReason.STOP) {
            error = "the answer has no value of its schema: it was cut off (" + response.finishReason() + "); "
                    + (response.finishReason() == FinishReason.LOOP
                            ? "bound the texts and arrays of the schema, or allow more repetition in stopLoops"
                            : "raise maxNewTokens");
        } else if (value != null) {
            try {
                read = JsonType.read(response.text(), value);
            } catch (RuntimeException e) { // such as a number too long for its type
                error = "the answer has no value of its schema: " + e.getMessage() + "; text has it as it was written";
            }
        }
        return row(response, read, error);
    }

    /** The struct of a row that has no answer. */
    Row failed(Throwable failure) {
        String message = failure instanceof InternVLException || failure instanceof IllegalArgumentException
                ? String.valueOf(failure.getMessage())
                : failure.toString();
        return value == null
                ? RowFactory.create(null, null, null, null, null, null, null, message)
                : RowFactory.create(null, null, null, null, null, null, null, null, message);
    }

    /** The error of a struct; null for none. */
    @Nullable
    String error(Row answer) {
        return (String) answer.get(answer.length() - 1);
    }

    private Row row(ChatResponse response, @Nullable Object read, @Nullable String error) {
        ChatResponse.Usage usage = response.usage();
        Object text = response.text();
        Object reason = response.finishReason().name().toLowerCase(Locale.ROOT);
        double seconds = seconds(response.timings());
        Object[] boxes = response.boxes().stream()
                .map(box -> RowFactory.create(box.label(), box.x1(), box.y1(), box.x2(), box.y2()))
                .toArray();
        int prompt = usage.promptTokens();
        int visual = usage.visualTokens();
        int generated = usage.generatedTokens();
        return value == null
                ? RowFactory.create(text, reason, prompt, visual, generated, seconds, boxes, error)
                : RowFactory.create(text, reason, prompt, visual, generated, seconds, boxes, read, error);
    }

    /** The time of computing, without that of waiting. */
    private static double seconds(ChatResponse.Timings timings) {
        Duration all = timings.preprocess()
                .plus(timings.vision())
                .plus(timings.prefill())
                .plus(timings.decode());
        return all.toNanos() / 1e9;
    }
}
