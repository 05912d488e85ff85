package io.github.internvl.examples.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.demo.DemoModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class PictureFolderTest {
    @TempDir
    private Path folder;

    @Test
    void writesATypedAnswerForEachPictureAndAnErrorForABadOne() throws Exception {
        assumeTrue(Runtime.version().feature() <= 21, "Spark runs on Java 17 and 21");
        assumeFalse(OS.WINDOWS.isCurrentOs(), "Spark on Windows needs programs that it does not bring along");
        Path pictures = Files.createDirectory(folder.resolve("pictures"));
        Files.copy(DemoModel.sample("shapes.png"), pictures.resolve("shapes.png"));
        Files.write(pictures.resolve("torn.png"), new byte[] {1, 2, 3});
        String answers = folder.resolve("answers").toString();
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            PictureFolder.run(
                    spark, pictures.toString(), answers, DemoModel.path().toString());
            List<Row> rows = spark.read().json(answers).orderBy("path").collectAsList();
            assertThat(rows).hasSize(2);
            assertThat(rows.get(0).<String>getAs("color")).isEqualTo("GREEN");
            assertThat(rows.get(1).<String>getAs("error")).contains("an image must be PNG");
        }
    }
}
