package io.github.internvl.spark;

import io.github.internvl.GenerationConfig;
import io.github.internvl.OutputFormat;
import io.github.internvl.Precision;
import io.github.internvl.spark.RowReader.RequestSettings;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * A step of a Spark program that asks a model about each row: about its pictures or its video, with the question in a column. It adds a
 * column with the answer to the rows, which keep their order. Batches and streams are answered alike.
 *
 * <p>The answer is a struct: {@code text}, {@code finishReason} ({@code stop}, {@code length}, {@code loop} or {@code timeout}), {@code
 * promptTokens}, {@code visualTokens}, {@code generatedTokens}, {@code seconds} of computing, {@code boxes} (label, x1, y1, x2, y2 in
 * thousandths of the picture), with the format of a JSON schema {@code value} in types of that schema, and {@code error}. The error is
 * null where all is well; a row with one fails nothing unless {@link Builder#onError} says so. Answers are the same however often and
 * wherever Spark runs a task: decoding is greedy, or each row has a seed that its contents give.
 *
 * <p>Each executor loads the model once, when its first task needs it, and all of its tasks share it: a task sends requests ahead in a
 * window, and the model computes those of all tasks together. The model is closed by {@link InternVLPlugin} or when the executor ends.
 *
 * <p>Immutable and thread-safe.
 */
public final class InternVLSpark {
    private final ModelSettings model;
    private final RowReader.Names columns;
    private final RequestSettings settings;
    private final AnswerType type;
    private final int window;
    private final OnError onError;
    private final String outputColumn;

    private InternVLSpark(ModelSettings model, RowReader.Names columns, RequestSettings settings, Builder set) {
        this.model = model;
        this.columns = columns;
        this.settings = settings;
        this.type = AnswerType.of(settings.generation());
        this.window = set.window;
        this.onError = set.onError;
        this.outputColumn = set.outputColumn;
    }

    /** The fate of a row with an error: a picture that cannot be decoded, a request that is refused, an answer that is not complete. */
    public enum OnError {
        /** The row stays, with the error in its answer. */
        COLUMN,
        /** The task fails, and with it, after Spark's retries, the job. */
        FAIL,
        /** The row is left out, and counted. */
        DROP
    }

    /** Starts a step. The model and the column of the question must be set. */
    public static Builder answer() {
        return new Builder();
    }

    /**
     * Adds the column of the answer to rows, lazily as Spark's own transformations.
     *
     * @throws IllegalArgumentException if a column is missing, has another type, or has the answer's name
     */
    public Dataset<Row> apply(Dataset<Row> rows) {
        StructType schema = rows.schema();
        if (Arrays.asList(schema.fieldNames()).contains(outputColumn)) {
            throw new IllegalArgumentException("the column of the answer must be new: " + outputColumn
                    + "; choose another name with outputColumn, or drop that one");
        }
        AnswerRows answers = new AnswerRows(
                model,
                RowReader.of(columns, schema, settings),
                type,
                window,
                onError,
                AnswerRows.Counts.of(rows.sparkSession().sparkContext()));
        return rows.mapPartitions(answers, Encoders.row(schema.add(outputColumn, type.struct(), false)));
    }

    /** Collects the settings of a step. Not thread-safe. */
    public static final class Builder {
        private @Nullable String model;
        private @Nullable String revision;
        private @Nullable Precision precision;
        private int contextLength;
        private int maxConcurrent = 8;
        private int threads;
        private String device = ModelSettings.SPARK_DEVICE;
        private int window;
        private List<String> images = List.of();
        private @Nullable String video;
        private int frames = 32;
        private @Nullable String question;
        private @Nullable String systemMessage;
        private @Nullable String history;
        private GenerationConfig.Builder generation = GenerationConfig.builder();
        private OutputFormat format = OutputFormat.text();
        private long seed;
        private @Nullable Duration timeout;
        private int maxTiles;
        private boolean untrustedText;
        private OnError onError = OnError.COLUMN;
        private String outputColumn = "answer";

        private Builder() {}

        /**
         * Sets the model: an id on the hub, such as {@code OpenGVLab/InternVL2_5-2B}; a folder that every node has; or {@code
         * spark-file:} and the name of an archive or a folder that Spark distributes ({@code SparkContext.addArchive}, {@code addFile}).
         */
        public Builder model(String idOrFolderOrSparkFile) {
            this.model = idOrFolderOrSparkFile;
            return this;
        }

        /** Sets the branch, tag or commit of a model from the hub; with a commit all executors have the same weights. */
        public Builder revision(String name) {
            this.revision = name;
            return this;
        }

        /** Sets the number format to compute in; without it, the best for the device and the checkpoint. */
        public Builder precision(Precision format) {
            this.precision = format;
            return this;
        }

        /** Sets the most tokens of a prompt and its answer together; without it the model's usual, 8192 at most. */
        public Builder contextLength(int tokens) {
            this.contextLength = atLeastOne("contextLength", tokens);
            return this;
        }

        /** Sets the most requests that an executor computes together. Without it 8. */
        public Builder maxConcurrent(int requests) {
            this.maxConcurrent = atLeastOne("maxConcurrent", requests);
            return this;
        }

        /** Sets the threads that compute on CPUs in an executor; without it {@code spark.executor.cores}, or one for each physical core. */
        public Builder threads(int count) {
            this.threads = atLeastOne("threads", count);
            return this;
        }

        /** Sets the device, {@code cpu} or {@code cuda:0}; without it the GPU that Spark assigns to the task, or else the CPU. */
        public Builder device(String name) {
            this.device = name;
            return this;
        }

        /**
         * Sets the rows that a task has in flight. Without it the running tasks of an executor together have twice {@link
         * #maxConcurrent}, each at least two. Files and pixels in flight take about a quarter of the executor's heap in either case.
         */
        public Builder window(int rowsOfATask) {
            this.window = atLeastOne("window", rowsOfATask);
            return this;
        }

        /**
         * Sets the columns of pictures, in the order of their {@code <image>} tags. A column holds files (binary), structs of the
         * sources {@code binaryFile} or {@code image}, or arrays of them; an empty array is no picture. All formats of {@link
         * io.github.internvl.vision.Image} are read.
         */
        public Builder images(String... columns) {
            this.images = List.of(columns);
            return this;
        }

        /** Sets the column of a video (binary, or a struct of the source {@code binaryFile}), of which 32 frames are taken. */
        public Builder video(String column) {
            return video(column, 32);
        }

        /** Sets the column of a video, and how many of its frames are taken. */
        public Builder video(String column, int count) {
            this.video = column;
            this.frames = atLeastOne("frames", count);
            return this;
        }

        /** Sets the column of the question, a string. */
        public Builder question(String column) {
            this.question = column;
            return this;
        }

        /** Sets the column of the system message, a string; where it is null, the model's own message stands. */
        public Builder systemMessage(String column) {
            this.systemMessage = column;
            return this;
        }

        /** Sets the column of earlier rounds, oldest first: {@code array<struct<question:string,answer:string>>}. */
        public Builder history(String column) {
            this.history = column;
            return this;
        }

        /** Sets the format of all answers. A JSON schema adds {@code value} to the answer, in the types of the schema. */
        public Builder format(OutputFormat shape) {
            this.format = shape;
            return this;
        }

        /**
         * Sets how answers are generated. A format in it replaces that of {@link #format}, which else stays; a seed in it is taken as
         * {@link #seed}.
         */
        public Builder generation(GenerationConfig config) {
            this.generation = config.toBuilder();
            if (config.format().kind() != OutputFormat.Kind.TEXT) {
                this.format = config.format();
            }
            this.seed = config.sampling().seed().orElse(seed);
            return this;
        }

        /** Sets the seed of sampled answers, from which each row derives its own by its contents. Without it 0. */
        public Builder seed(long value) {
            this.seed = value;
            return this;
        }

        /** Sets the time for a row, from when it is sent: waiting in the window counts. A row that is late has an error. */
        public Builder timeout(Duration perRow) {
            if (perRow.isNegative() || perRow.isZero()) {
                throw new IllegalArgumentException("timeout must be longer than nothing: " + perRow);
            }
            this.timeout = perRow;
            return this;
        }

        /** Sets the most tiles of a picture, without its thumbnail; without it the model's own. */
        public Builder maxTiles(int tiles) {
            this.maxTiles = atLeastOne("maxTiles", tiles);
            return this;
        }

        /** Sets whether the texts of the rows are untrusted, as {@code ChatRequest.Builder.untrustedText} does. */
        public Builder untrustedText(boolean ordinary) {
            this.untrustedText = ordinary;
            return this;
        }

        /** Sets the fate of rows with an error; without it they stay, {@link OnError#COLUMN}. */
        public Builder onError(OnError fate) {
            this.onError = fate;
            return this;
        }

        /** Sets the name of the column that is added. Without it {@code answer}. */
        public Builder outputColumn(String name) {
            this.outputColumn = name;
            return this;
        }

        /**
         * Makes the step.
         *
         * @throws IllegalArgumentException if the model or the question is not set, if there are both pictures and a video, or if the
         *     settings of generation contain code, several answers or log probabilities
         */
        public InternVLSpark build() {
            if (model == null || question == null) {
                throw new IllegalArgumentException("a step needs a model and the column of the question: model=" + model
                        + ", question=" + question);
            }
            if (video != null && !images.isEmpty()) {
                throw new IllegalArgumentException(
                        "a row has pictures or a video: images=" + images + ", video=" + video + "; leave one out");
            }
            return new InternVLSpark(
                    new ModelSettings(model, revision, precision, contextLength, maxConcurrent, threads, device),
                    new RowReader.Names(images, video, frames, question, systemMessage, history),
                    new RequestSettings(
                            GenerationState.of(generation.format(format).build()),
                            seed,
                            timeout,
                            maxTiles,
                            untrustedText),
                    this);
        }

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1: " + value);
            }
            return value;
        }
    }
}
