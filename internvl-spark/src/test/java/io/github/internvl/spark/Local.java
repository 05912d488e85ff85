package io.github.internvl.spark;

import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.condition.OS;

/** Spark in this process with two tasks at a time, rows about the samples of the demo model, and the model itself to compare with. */
final class Local {
    static final String MODEL = DemoModel.path().toString();
    static final StructType SCHEMA = new StructType()
            .add("id", DataTypes.IntegerType)
            .add("content", DataTypes.BinaryType)
            .add("question", DataTypes.StringType);

    private static final int NEW_TOKENS = 12;
    private static final List<String> PICTURES = List.of("shapes.png", "word.png", "number.png", "chart.png");
    private static final List<String> KINDS = List.of("png", "jpeg", "gif", "bmp", "tiff", "webp");
    private static final List<String> QUESTIONS = List.of(
            "What color is the star?", "How many shapes are there?", "What does it say?", "Describe the picture.");

    private Local() {}

    /** The session of all tests in this process. */
    static SparkSession session() {
        assumeSparkRuns();
        return SparkSession.builder()
                .master("local[2, 3]") // two tasks at a time, each up to three times
                .appName("internvl")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.sql.warehouse.dir", "target/warehouse")
                .config("spark.plugins", InternVLPlugin.class.getName())
                .config("spark.sql.catalog.internvl", InternVLCatalog.class.getName())
                .config("spark.internvl.model", MODEL)
                .config("spark.sql.catalog.internvl.maxNewTokens", NEW_TOKENS)
                .getOrCreate();
    }

    /** Skips a test where Spark does not run. */
    static void assumeSparkRuns() {
        assumeTrue(Runtime.version().feature() <= 21, "Spark runs on Java 17 and 21");
        assumeFalse(OS.WINDOWS.isCurrentOs(), "Spark on Windows needs programs that it does not bring along");
    }

    static InternVLSpark.Builder step() {
        return InternVLSpark.answer()
                .model(MODEL)
                .images("content")
                .question("question")
                .generation(settings());
    }

    static io.github.internvl.GenerationConfig settings() {
        return io.github.internvl.GenerationConfig.builder()
                .maxNewTokens(NEW_TOKENS)
                .build();
    }

    /** Rows of all kinds of pictures, each another one, of which every {@code broken}-th cannot be decoded. */
    static List<Row> rows(int count, int broken) {
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < count; id++) {
            byte[] file = file(PICTURES.get(id % PICTURES.size()), KINDS.get(id / 3 % KINDS.size()), id);
            byte[] content = id % broken == broken - 1 ? java.util.Arrays.copyOf(file, file.length / 3) : file;
            rows.add(RowFactory.create(id, content, QUESTIONS.get(id / 2 % QUESTIONS.size())));
        }
        return rows;
    }

    static Dataset<Row> frame(List<Row> rows) {
        return session().createDataFrame(rows, SCHEMA);
    }

    /** The answer that the model gives alone, or the message of its refusal. */
    static String alone(InternVL model, Row row) {
        try {
            ChatResponse response = model.chat(ChatRequest.builder()
                    .text(row.getString(2), Image.of(row.<byte[]>getAs(1)))
                    .generation(settings())
                    .build());
            return response.text();
        } catch (IllegalArgumentException e) {
            return "error: " + e.getMessage();
        }
    }

    /** The text or the error of an answered row. */
    static String answer(Row row) {
        Row answer = row.getStruct(row.length() - 1);
        String error = answer.getString(answer.length() - 1);
        return error == null ? answer.getString(0) : "error: " + error;
    }

    static byte[] sample(String name) {
        try {
            return Files.readAllBytes(DemoModel.sample(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A sample as a file of another kind, with a pixel that tells it from the others. */
    private static byte[] file(String name, String kind, int id) {
        try {
            BufferedImage picture = ImageIO.read(DemoModel.sample(name).toFile());
            BufferedImage plain =
                    new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
            plain.createGraphics().drawImage(picture, 0, 0, null);
            plain.setRGB(id % plain.getWidth(), id / plain.getWidth() % plain.getHeight(), id);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            if (!ImageIO.write(plain, kind, out)) {
                throw new IllegalStateException("no writer of " + kind);
            }
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
