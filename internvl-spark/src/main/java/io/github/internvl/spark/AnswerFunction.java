package io.github.internvl.spark;

import io.github.internvl.GenerationConfig;
import io.github.internvl.spark.RowReader.RequestSettings;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * The SQL function {@code answer}, before Spark knows the types of its arguments.
 *
 * @param catalog the name of its catalog
 * @param options the options of the catalog
 */
record AnswerFunction(String catalog, Function<String, @Nullable String> options) implements UnboundFunction {

    @Override
    public String name() {
        return "answer";
    }

    @Override
    public String description() {
        return "answer(question) and answer(pictures, question): the answer of an InternVL model as a struct";
    }

    @Override
    public BoundFunction bind(StructType arguments) {
        StructField[] fields = arguments.fields();
        int question = fields.length - 1;
        boolean known = question >= 0
                && question <= 1
                && RowReader.isText(fields[question].dataType())
                && (question == 0 || isFile(fields[0].dataType()));
        if (!known) {
            throw new UnsupportedOperationException(
                    "answer takes a question (string), or pictures (binary or array<binary>) and a question: "
                            + arguments.catalogString());
        }
        ModelSettings model = ModelSettings.of(options);
        if (model == null) {
            throw new IllegalArgumentException(
                    "the function " + catalog + ".answer needs a model: set spark.sql.catalog." + catalog
                            + ".model or spark.internvl.model to an id on the hub, a folder or spark-file:NAME");
        }
        GenerationConfig generation = GenerationConfig.builder()
                .maxNewTokens(ModelSettings.number(
                        options, "maxNewTokens", GenerationConfig.defaults().maxNewTokens()))
                .build();
        RequestSettings settings = new RequestSettings(
                GenerationState.of(generation), 0, null, ModelSettings.number(options, "maxTiles", 0), false);
        RowReader reader =
                new RowReader(question == 0 ? List.of() : List.of(0), null, 0, question, null, null, settings);
        return new Bound(
                Arrays.stream(fields).map(StructField::dataType).toList(),
                new AnswerRows(
                        model,
                        reader,
                        AnswerType.of(settings.generation()),
                        1,
                        InternVLSpark.OnError.COLUMN,
                        AnswerRows.Counts.of(SparkSession.active().sparkContext())));
    }

    private static boolean isFile(DataType type) {
        return type instanceof BinaryType
                || (type instanceof ArrayType array && array.elementType() instanceof BinaryType);
    }

    /** The function for types of arguments. Each task has its own copy, which asks for one row at a time. */
    private static final class Bound implements ScalarFunction<InternalRow> {
        private static final long serialVersionUID = 1L;

        private final List<DataType> types;
        private final AnswerRows plan;
        private transient @Nullable OneRow argument;
        private transient @Nullable Iterator<Row> answers;

        Bound(List<DataType> types, AnswerRows plan) {
            this.types = types;
            this.plan = plan;
        }

        @Override
        public String name() {
            return "answer";
        }

        @Override
        public DataType[] inputTypes() {
            return types.toArray(DataType[]::new);
        }

        @Override
        public DataType resultType() {
            return plan.type().struct();
        }

        /** Spark computes functions that it may repeat while it plans, or twice. */
        @Override
        public boolean isDeterministic() {
            return false;
        }

        @Override
        public InternalRow produceResult(InternalRow input) {
            Row row = external(input);
            OneRow slot = argument;
            Iterator<Row> window = answers;
            if (slot == null || window == null) {
                slot = new OneRow(row);
                window = plan.call(slot);
                argument = slot;
                answers = window;
            } else {
                slot.put(row);
            }
            Row answered = answered(window);
            return internal(answered.getStruct(answered.length() - 1));
        }

        /** The next answer. For rows in the query itself no task will end and return the share of the model. */
        private Row answered(Iterator<Row> window) {
            try {
                Row answered = window.next();
                if (TaskContext.get() == null && !window.hasNext()) {
                    answers = null;
                }
                return answered;
            } catch (RuntimeException | Error e) {
                answers = null;
                if (window instanceof AnswerWindow open) {
                    open.close();
                }
                throw e;
            }
        }

        private Row external(InternalRow input) {
            return RowFactory.create(IntStream.range(0, types.size())
                    .mapToObj(index -> input.isNullAt(index) ? null : external(input, index))
                    .toArray());
        }

        private Object external(InternalRow input, int index) {
            DataType type = types.get(index);
            if (type instanceof ArrayType) {
                ArrayData files = input.getArray(index);
                return IntStream.range(0, files.numElements())
                        .mapToObj(each -> files.isNullAt(each) ? null : files.getBinary(each))
                        .toArray();
            }
            return type instanceof BinaryType
                    ? input.getBinary(index)
                    : input.getUTF8String(index).toString();
        }

        private static InternalRow internal(Row row) {
            return new GenericInternalRow(IntStream.range(0, row.length())
                    .mapToObj(index -> internal(row.get(index)))
                    .toArray());
        }

        private static @Nullable Object internal(@Nullable Object value) {
            if (value instanceof String text) {
                return UTF8String.fromString(text);
            }
            if (value instanceof Object[] boxes) {
                return new GenericArrayData(
                        Arrays.stream(boxes).map(box -> internal((Row) box)).toArray());
            }
            return value;
        }
    }

    /** The rows of a partition as they come, one at a time. */
    private static final class OneRow implements Iterator<Row> {
        private @Nullable Row row;

        OneRow(Row first) {
            this.row = first;
        }

        void put(Row next) {
            this.row = next;
        }

        @Override
        public boolean hasNext() {
            return row != null;
        }

        @Override
        public Row next() {
            Row taken = row;
            if (taken == null) {
                throw new NoSuchElementException();
            }
            row = null;
            return taken;
        }
    }
}
