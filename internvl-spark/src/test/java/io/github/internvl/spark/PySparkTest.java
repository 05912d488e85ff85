package io.github.internvl.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.ChatRequest;
import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The SQL function in PySpark, with the Spark that PyPI's {@code pyspark} contains: {@code -Dpyspark.python=PYTHON} names a Python that has
 * it. Spark's own jars on this class path are left out.
 */
@Timeout(180)
class PySparkTest {
    private static final String PROGRAM = """
            import sys
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.master("local[2]").getOrCreate()
            spark.read.format("binaryFile").load(sys.argv[1]).createOrReplaceTempView("photos")
            for row in spark.sql("SELECT internvl.answer(content, 'Describe the picture.') AS a FROM photos").collect():
                print("answer:", row.a.text, row.a.error)
            spark.stop()
            """;

    @TempDir
    private Path folder;

    @Test
    void answersInPythonAsInJava() throws IOException, InterruptedException {
        String python = System.getProperty("pyspark.python", "");
        assumeTrue(!python.isEmpty(), "no Python with pyspark: -Dpyspark.python=PYTHON names one");
        Path program = Files.writeString(folder.resolve("ask.py"), PROGRAM);
        String sample = DemoModel.sample("shapes.png").toString();
        ProcessBuilder builder = new ProcessBuilder(python, "-m", "pyspark.find_spark_home")
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
        String home = output(builder).strip();
        ProcessBuilder submit = new ProcessBuilder(
                        home + "/bin/spark-submit",
                        "--driver-class-path",
                        classPath(),
                        "--conf",
                        "spark.ui.enabled=false",
                        "--conf",
                        "spark.plugins=" + InternVLPlugin.class.getName(),
                        "--conf",
                        "spark.sql.catalog.internvl=" + InternVLCatalog.class.getName(),
                        "--conf",
                        "spark.internvl.model=" + Local.MODEL,
                        program.toString(),
                        sample)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        submit.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
        submit.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        submit.environment().put("PYSPARK_PYTHON", python);
        String printed = output(submit);
        try (InternVL model = InternVL.load(DemoModel.path())) {
            String alone = model.chat(ChatRequest.of("Describe the picture.", Image.open(Path.of(sample))))
                    .text();
            assertThat(printed).contains("answer: " + alone + " None");
        }
    }

    private static String output(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed;
    }

    /** This library and its dependencies, which are older or newer than Spark's own of the same name and come before them. */
    private static String classPath() {
        return Stream.of(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                        .split(File.pathSeparator))
                .filter(
                        entry -> entry.matches(
                                ".*(internvl|/models/|ai/djl|bytedeco|gson|okhttp|okio|kotlin|/jna|webp|jspecify|commons-compress).*"))
                .filter(entry -> !entry.contains("org/apache/spark"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
