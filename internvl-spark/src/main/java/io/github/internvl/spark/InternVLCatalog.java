package io.github.internvl.spark;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.jspecify.annotations.Nullable;

/**
 * A catalog with the SQL function {@code answer}, for SQL and for all languages that write it: with {@code
 * spark.sql.catalog.internvl=io.github.internvl.spark.InternVLCatalog}
 *
 * <pre>{@code
 * SELECT path, a.text, a.error FROM (SELECT path, internvl.answer(content, 'Read the total.') AS a FROM photos)
 * }</pre>
 *
 * <p>{@code answer(question)} and {@code answer(pictures, question)} give the struct that {@link InternVLSpark} describes, without {@code
 * value}. Pictures are binary, or an array of that. Decoding is greedy, and an error is in the struct.
 *
 * <p>The options {@code model}, {@code revision}, {@code precision}, {@code contextLength}, {@code maxConcurrent}, {@code threads},
 * {@code device}, {@code maxTiles} and {@code maxNewTokens} are read from {@code spark.sql.catalog.NAME.OPTION}, or else from {@code
 * spark.internvl.OPTION}. The function gets one row at a time, so an executor has as many requests in flight as tasks: {@link
 * InternVLSpark} keeps the model fuller.
 */
public final class InternVLCatalog implements FunctionCatalog {
    private static final String ANSWER = "answer";

    private String name = "";
    private @Nullable CaseInsensitiveStringMap options;

    /** Spark makes it. */
    public InternVLCatalog() {}

    @Override
    public void initialize(String catalogName, CaseInsensitiveStringMap set) {
        this.name = catalogName;
        this.options = set;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Identifier[] listFunctions(String[] namespace) throws NoSuchNamespaceException {
        if (namespace.length > 0) {
            throw new NoSuchNamespaceException(namespace);
        }
        return new Identifier[] {Identifier.of(namespace, ANSWER)};
    }

    @Override
    public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
        if (identifier.namespace().length > 0 || !identifier.name().equalsIgnoreCase(ANSWER)) {
            throw new NoSuchFunctionException(identifier);
        }
        return new AnswerFunction(name, this::option);
    }

    private @Nullable String option(String key) {
        String own = options == null ? null : options.get(key);
        return own == null
                ? ModelSettings.in(SparkSession.active().sparkContext().getConf())
                        .apply(key)
                : own;
    }
}
