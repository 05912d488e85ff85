package io.github.internvl.spark;

import io.github.internvl.ChatResponse;
import io.github.internvl.spark.InternVLSpark.OnError;
import io.github.internvl.spark.SharedModels.Lease;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * The work of a task, as it is sent to the executors: settings and places of columns, no model.
 *
 * @param settings the model
 * @param reader the columns of the question
 * @param type the struct of the answer
 * @param window rows in flight of a task; 0 for a share of what the model computes at once
 * @param onError the fate of a row with an error
 * @param counts the counters in Spark's pages
 */
record AnswerRows(ModelSettings settings, RowReader reader, AnswerType type, int window, OnError onError, Counts counts)
        implements MapPartitionsFunction<Row, Row> {

    /** Counters of all tasks: rows answered, rows with an error, and tokens generated. */
    record Counts(LongAccumulator answered, LongAccumulator failed, LongAccumulator tokens) implements Serializable {
        /** Counters that Spark's pages show with the stages. */
        static Counts of(SparkContext context) {
            return new Counts(
                    context.longAccumulator("InternVL: rows answered"),
                    context.longAccumulator("InternVL: rows with an error"),
                    context.longAccumulator("InternVL: tokens generated"));
        }
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        if (!rows.hasNext()) {
            return Collections.emptyIterator();
        }
        TaskContext task = TaskContext.get(); // null where the driver answers, for rows that are part of a query
        Lease lease = SharedModels.jvm().lease(settings.in(task));
        AnswerWindow answers = new AnswerWindow(rows, lease, task, this);
        if (task != null) {
            TaskCompletionListener end = ended -> answers.close();
            task.addTaskCompletionListener(end);
        }
        return answers;
    }

    /** The row with the answer as its last column; null where it has an error and such rows are dropped. */
    @Nullable
    Row answered(Row row, long number, ChatResponse response) {
        counts.tokens.add(response.usage().generatedTokens());
        return ended(row, number, type.answered(response), null);
    }

    /** The row with an error in its last column; null where such rows are dropped. */
    @Nullable
    Row failed(Row row, long number, Throwable failure) {
        return ended(row, number, type.failed(failure), failure);
    }

    private @Nullable Row ended(Row row, long number, Row answer, @Nullable Throwable failure) {
        String error = type.error(answer);
        if (error == null) {
            counts.answered.add(1);
        } else {
            counts.failed.add(1);
            if (onError == OnError.FAIL) {
                throw new IllegalStateException(
                        "row " + number + " of partition " + TaskContext.getPartitionId() + ": " + error
                                + "; OnError.COLUMN keeps such rows, and DROP leaves them out",
                        failure);
            }
            if (onError == OnError.DROP) {
                return null;
            }
        }
        Object[] values = new Object[row.length() + 1];
        Arrays.setAll(values, index -> index < row.length() ? row.get(index) : answer);
        return RowFactory.create(values);
    }
}
