package io.github.internvl.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.OutputFormat;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.spark.InternVLSpark.OnError;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Columns of all kinds, settings, faults, and the ways of a model to the executors, with two tasks in this process. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InternVLSparkTest {
    @TempDir
    private Path folder;

    private SparkSession spark;
    private InternVL model;

    @BeforeAll
    void load() {
        spark = Local.session();
        model = InternVL.load(DemoModel.path());
    }

    @AfterAll
    void close() {
        if (model != null) { // Spark runs here
            model.close();
        }
    }

    private ChatRequest.Builder asking(String question) {
        return ChatRequest.builder().text(question).generation(Local.settings());
    }

    private Row one(InternVLSpark.Builder step, Dataset<Row> rows) {
        List<Row> answered = step.build().apply(rows).select("answer.*").collectAsList();
        assertThat(answered).hasSize(1);
        return answered.get(0);
    }

    private static String text(Row answer) {
        assertThat(answer.<String>getAs("error")).isNull();
        return answer.getAs("text");
    }

    @Test
    void readsPicturesFromTheSourcesOfSpark() {
        String file = DemoModel.sample("shapes.png").toString();
        String alone = model.chat(asking("What color is the star?")
                        .images(List.of(Image.open(Path.of(file))))
                        .build())
                .text();
        Dataset<Row> files =
                spark.read().format("binaryFile").load(file).withColumn("question", lit("What color is the star?"));
        Dataset<Row> pictures = Pixels.frame(spark, DemoModel.sample("shapes.png"))
                .withColumn("question", lit("What color is the star?"));
        assertThat(text(one(Local.step(), files))).isEqualTo(alone);
        assertThat(text(one(
                        Local.step().images("file"),
                        files.select(struct(col("path"), col("content")).as("file"), col("question")))))
                .isEqualTo(alone);
        assertThat(text(one(Local.step().images("image"), pictures))).isEqualTo(alone);
    }

    @Test
    void readsSeveralPicturesInTheOrderOfTheColumns() {
        byte[] first = Local.sample("shapes.png");
        byte[] second = Local.sample("shapes-changed.png");
        String question = "Image-1: <image>\nImage-2: <image>\nWhat changed?";
        String alone = model.chat(asking(question)
                        .images(List.of(Image.of(first), Image.of(second)))
                        .build())
                .text();
        Dataset<Row> rows = spark.range(1)
                .select(lit(first).as("a"), lit(second).as("b"), lit(question).as("question"));
        assertThat(text(one(Local.step().images("a", "b"), rows))).isEqualTo(alone);
        assertThat(text(one(
                        Local.step().images("both"),
                        rows.select(array(col("a"), col("b")).as("both"), col("question")))))
                .isEqualTo(alone);
    }

    @Test
    void readsAVideoAHistoryAndASystemMessage() {
        byte[] clip = Local.sample("clip.mp4");
        String alone = model.chat(asking("What moves?").video(Video.of(clip), 4).build())
                .text();
        Dataset<Row> rows =
                spark.range(1).select(lit(clip).as("clip"), lit("What moves?").as("question"));
        assertThat(text(one(Local.step().images().video("clip", 4), rows))).isEqualTo(alone);

        String told = model.chat(asking("And now?")
                        .systemMessage("Be short.")
                        .history(List.of(new ChatRequest.Turn("What is red?", "The star.")))
                        .build())
                .text();
        Dataset<Row> dialogue = spark.range(1)
                .select(
                        lit("And now?").as("question"),
                        lit("Be short.").as("system"),
                        array(struct(
                                        lit("What is red?").as("question"),
                                        lit("The star.").as("answer")))
                                .as("rounds"));
        assertThat(text(one(Local.step().images().systemMessage("system").history("rounds"), dialogue)))
                .isEqualTo(told);
    }

    @Test
    void drawsTheSameForARowWhereverItIsAnswered() {
        GenerationConfig hot =
                GenerationConfig.builder().maxNewTokens(12).temperature(1.5).build();
        Dataset<Row> rows = Local.frame(Local.rows(8, 100));
        List<String> once = texts(Local.step().generation(hot).seed(7), rows.coalesce(1));
        assertThat(texts(Local.step().generation(hot).seed(7), rows.repartition(3)))
                .containsExactlyElementsOf(once);
        assertThat(texts(Local.step().generation(hot).seed(8), rows)).isNotEqualTo(once);
    }

    private static List<String> texts(InternVLSpark.Builder step, Dataset<Row> rows) {
        return step.build().apply(rows).orderBy("id").collectAsList().stream()
                .map(Local::answer)
                .toList();
    }

    @Test
    void keepsFailsOrDropsBrokenRows() {
        Dataset<Row> rows = Local.frame(Local.rows(6, 3)).coalesce(1);
        assertThat(texts(Local.step(), rows))
                .hasSize(6)
                .filteredOn(text -> text.startsWith("error: "))
                .hasSize(2);
        assertThat(texts(Local.step().onError(OnError.DROP), rows))
                .hasSize(4)
                .noneMatch(text -> text.startsWith("error"));
        assertThatThrownBy(() -> texts(Local.step().onError(OnError.FAIL), rows))
                .hasStackTraceContaining("row 2 of partition 0");
    }

    @Test
    void marksRowsThatAreLateOrNullOrCutOff() {
        Dataset<Row> rows = Local.frame(Local.rows(1, 100));
        GenerationConfig endless =
                GenerationConfig.builder().maxNewTokens(8000).ignoreEnd(true).build();
        assertThat(one(Local.step().generation(endless).timeout(Duration.ofMillis(400)), rows)
                        .<String>getAs("error"))
                .contains("the time of the row was over");
        assertThat(one(Local.step(), rows.withColumn("question", lit(null).cast("string")))
                        .<String>getAs("error"))
                .contains("question of a row must not be null");
        assertThat(one(
                                Local.step()
                                        .format(OutputFormat.jsonSchema("{\"type\": \"integer\", \"minimum\": 100000}"))
                                        .generation(GenerationConfig.builder()
                                                .maxNewTokens(2)
                                                .build()),
                                rows)
                        .<String>getAs("error"))
                .contains("cut off (LENGTH)");
    }

    @Test
    void refusesColumnsAndSettingsThatDoNotFit() {
        Dataset<Row> rows = Local.frame(Local.rows(1, 100));
        assertThatThrownBy(() -> Local.step().images("nothing").build().apply(rows))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing; there are [id, content, question]");
        assertThatThrownBy(() -> Local.step().images("id").build().apply(rows))
                .hasMessageContaining("id is int; pictures are binary");
        assertThatThrownBy(() -> Local.step()
                        .build()
                        .apply(rows.withColumn("content", struct(col("question").as("content")))))
                .hasMessageContaining("content is struct<content:string>");
        assertThatThrownBy(() -> Local.step().build().apply(rows.withColumn("content", array(array(col("content"))))))
                .hasMessageContaining("content is array<array<binary>>");
        assertThatThrownBy(() -> Local.step().outputColumn("id").build().apply(rows))
                .hasMessageContaining("must be new: id");
        assertThatThrownBy(() -> Local.step().video("content").build()).hasMessageContaining("leave one out");
        assertThatThrownBy(() -> Local.step()
                        .generation(GenerationConfig.builder()
                                .tokenListener(id -> true)
                                .build())
                        .build())
                .hasMessageContaining("must be data");
    }

    @Test
    void endsTheRequestsOfTasksThatEndEarly() throws InterruptedException {
        GenerationConfig endless =
                GenerationConfig.builder().maxNewTokens(8000).ignoreEnd(true).build();
        Dataset<Row> rows = Local.frame(Local.rows(4, 2)).coalesce(1);
        assertThatThrownBy(() -> Local.step()
                        .generation(endless)
                        .onError(OnError.FAIL)
                        .timeout(Duration.ofMillis(300))
                        .build()
                        .apply(rows)
                        .collectAsList())
                .isInstanceOf(Exception.class);
        InternVL shared = SharedModels.jvm().loaded().get(0);
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (shared.stats().running() + shared.stats().waiting() > 0 && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        assertThat(shared.stats().running() + shared.stats().waiting()).isZero();
    }

    @Test
    void loadsAModelThatIsLostAgainAndAnswersTheSame() throws InterruptedException {
        List<Row> rows = Local.rows(60, 100);
        InternVLSpark step = Local.step().maxConcurrent(3).build();
        CompletableFuture<List<Row>> answers = CompletableFuture.supplyAsync(
                () -> step.apply(Local.frame(rows).repartition(2)).collectAsList());
        InternVL lost = null;
        while (lost == null || lost.stats().answered() < 4) {
            Thread.sleep(5);
            lost = SharedModels.jvm().loaded().stream()
                    .filter(loaded -> loaded.maxConcurrent() == 3)
                    .findFirst()
                    .orElse(null);
        }
        long loads = SharedModels.jvm().loads();
        lost.close();
        assertThat(answers.join())
                .hasSize(60)
                .allSatisfy(
                        row -> assertThat(Local.answer(row)).isEqualTo(Local.alone(model, rows.get(row.getInt(0)))));
        assertThat(SharedModels.jvm().loads()).isEqualTo(loads + 1);
    }

    @Test
    void waitsWhereTheQueueIsFull() {
        Dataset<Row> rows = spark.range(1200).select(lit("Why?").as("question")).coalesce(1);
        GenerationConfig brief = GenerationConfig.builder().maxNewTokens(1).build();
        List<Row> answered = Local.step()
                .images()
                .maxConcurrent(5)
                .generation(brief)
                .window(1200)
                .build()
                .apply(rows)
                .select("answer.error")
                .collectAsList();
        assertThat(answered).hasSize(1200).allMatch(row -> row.isNullAt(0));
        assertThat(SharedModels.jvm().loaded().stream()
                        .mapToLong(loaded -> loaded.stats().rejected())
                        .sum())
                .isPositive();
    }

    @Test
    void loadsModelsThatSparkDistributes() throws IOException {
        Path archive = folder.resolve("demo.zip");
        try (OutputStream out = Files.newOutputStream(archive);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String file : DemoModel.path().toFile().list()) {
                zip.putNextEntry(new ZipEntry(file));
                zip.write(Files.readAllBytes(DemoModel.path().resolve(file)));
                zip.closeEntry();
            }
        }
        Dataset<Row> rows = Local.frame(Local.rows(2, 100));
        List<String> answers = texts(Local.step(), rows);
        spark.sparkContext().addArchive(archive + "#packed");
        spark.sparkContext().addFile(DemoModel.path().toString(), true);
        assertThat(texts(Local.step().model("spark-file:packed"), rows)).isEqualTo(answers);
        assertThat(texts(Local.step().model("spark-file:" + DemoModel.path().getFileName()), rows))
                .isEqualTo(answers);
    }

    @Test
    void answersAFolderAsItFills() throws Exception {
        Path pictures = Files.createDirectory(folder.resolve("pictures"));
        Path out = folder.resolve("out");
        spark.conf()
                .set(
                        "spark.sql.streaming.checkpointLocation",
                        folder.resolve("checkpoint").toString());
        Dataset<Row> files = spark.readStream()
                .format("binaryFile")
                .schema(spark.read()
                        .format("binaryFile")
                        .load(DemoModel.sample("shapes.png").toString())
                        .schema())
                .load(pictures.toString())
                .withColumn("question", lit("Describe the picture."));
        StreamingQuery query = Local.step()
                .build()
                .apply(files)
                .select("path", "answer.text", "answer.error")
                .writeStream()
                .format("json")
                .start(out.toString());
        try {
            for (String name : List.of("shapes.png", "word.png")) {
                Path arriving = folder.resolve(name + ".part");
                Files.copy(DemoModel.sample(name), arriving);
                Files.move(arriving, pictures.resolve(name));
                query.processAllAvailable();
            }
        } finally {
            query.stop();
        }
        List<Row> answered = spark.read().json(out.toString()).orderBy("path").collectAsList();
        assertThat(answered).hasSize(2);
        assertThat(answered.get(0).<String>getAs("text"))
                .isEqualTo(model.chat(asking("Describe the picture.")
                                .images(List.of(Image.open(DemoModel.sample("shapes.png"))))
                                .build())
                        .text());
    }
}
