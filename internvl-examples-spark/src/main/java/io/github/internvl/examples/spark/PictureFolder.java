package io.github.internvl.examples.spark;

import static org.apache.spark.sql.functions.lit;

import io.github.internvl.OutputFormat;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.spark.InternVLSpark;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Asks about each picture of a folder, and writes the answers as JSON; the arguments are the folder, the place of the answers, and a model. */
public final class PictureFolder {
    private PictureFolder() {}

    /** Answers in the session of {@code spark-submit}. */
    public static void main(String... arguments) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        String model = arguments.length > 2 ? arguments[2] : DemoModel.path().toString();
        run(spark, arguments[0], arguments[1], model);
    }

    static void run(SparkSession spark, String folder, String answers, String model) {
        // tag::spark-answer[]
        Dataset<Row> photos = spark.read()
                .format("binaryFile")
                .option("pathGlobFilter", "*.{jpg,png,webp}")
                .load(folder)
                .withColumn("question", lit("What color is the star?"));

        InternVLSpark step = InternVLSpark.answer()
                .model(model)
                .images("content")
                .question("question")
                .format(OutputFormat.jsonSchema("""
                        {"type": "object", "properties": {"color": {"enum": ["RED", "GREEN", "BLUE"]}},
                         "required": ["color"], "additionalProperties": false}"""))
                .maxConcurrent(16)
                .build();

        step.apply(photos)
                .select("path", "answer.value.color", "answer.error")
                .write()
                .json(answers);
        // end::spark-answer[]
    }
}
