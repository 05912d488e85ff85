package io.github.internvl.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.OutputFormat;
import io.github.internvl.demo.DemoModel;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The parts that touch Spark's classes, with every build of Spark that is supported: the pom runs this class with each. */
@Tag("every-build")
@Timeout(900)
class EveryBuildTest {
    private static final int ROWS = Integer.getInteger("internvl.spark.rows", 24);
    private static final int BROKEN = Integer.getInteger("internvl.spark.broken", 8);
    private static final String SCHEMA = """
            {"type": "object", "properties": {"color": {"enum": ["red", "green"]}, "count": {"enum": [1, 2, 3]},
             "sure": {"type": "boolean"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2}},
             "required": ["color", "count", "sure", "tags"], "additionalProperties": false}""";

    @Test
    void answersEachRowAsTheModelDoesAloneAndKeepsBrokenOnes() {
        List<Row> rows = Local.rows(ROWS, BROKEN);
        long loads = SharedModels.jvm().loads();
        List<Row> answered = Local.step()
                .maxConcurrent(4)
                .build()
                .apply(Local.frame(rows).repartition(3))
                .collectAsList();
        assertThat(SharedModels.jvm().loads() - loads).isLessThanOrEqualTo(1);
        assertThat(answered).hasSize(ROWS);
        try (InternVL model = InternVL.load(DemoModel.path())) {
            assertThat(answered)
                    .allSatisfy(row -> assertThat(Local.answer(row))
                            .as("row %s", row.get(0))
                            .isEqualTo(Local.alone(model, rows.get(row.getInt(0)))));
        }
        assertThat(answered.stream().filter(row -> Local.answer(row).startsWith("error: ")))
                .hasSize(ROWS / BROKEN);
    }

    @Test
    void readsAnswersOfASchemaIntoTypedColumns() {
        Dataset<Row> answered = Local.step()
                .format(OutputFormat.jsonSchema(SCHEMA))
                .generation(io.github.internvl.GenerationConfig.builder()
                        .maxNewTokens(200)
                        .build())
                .build()
                .apply(Local.frame(Local.rows(4, 100)));
        assertThat(answered.select("answer.value").schema().catalogString())
                .isEqualTo("struct<value:struct<color:string,count:bigint,sure:boolean,tags:array<string>>>");
        List<Row> values = answered.select("answer.value.color", "answer.value.count", "answer.error")
                .collectAsList();
        assertThat(values).hasSize(4).allSatisfy(row -> {
            assertThat(row.getString(2)).isNull();
            assertThat(row.getString(0)).isIn("red", "green");
            assertThat(row.getLong(1)).isBetween(1L, 3L);
        });
    }

    @Test
    void answersInSql() {
        List<Row> rows = Local.rows(8, 4);
        Local.frame(rows).createOrReplaceTempView("photos");
        List<Row> answered = Local.session()
                .sql("SELECT id, content, question, internvl.answer(content, question) AS answer FROM photos")
                .collectAsList();
        try (InternVL model = InternVL.load(DemoModel.path())) {
            assertThat(answered)
                    .hasSize(8)
                    .allSatisfy(row ->
                            assertThat(Local.answer(row)).isEqualTo(Local.alone(model, rows.get(row.getInt(0)))));
        }
        assertThat(Local.session()
                        .sql("SELECT a.finishReason, a.boxes FROM (SELECT internvl.answer(question) AS a FROM photos)")
                        .collectAsList())
                .hasSize(8)
                .allSatisfy(row -> assertThat(row.getString(0)).isIn("stop", "length"));
        Local.session().sql("USE internvl");
        try {
            assertThat(Local.session()
                            .sql("SELECT answer('What color is grass?').text")
                            .collectAsList()
                            .get(0)
                            .getString(0))
                    .isNotEmpty();
        } finally {
            Local.session().sql("USE spark_catalog");
        }
    }
}
