/** InternVL chat: the API and its engine. */
module io.github.internvl {
    requires transitive io.github.internvl.hub;
    requires transitive io.github.internvl.tokenizer;
    requires transitive io.github.internvl.vision;
    requires ai.djl.api;
    requires ai.djl.pytorch_engine;
    requires ai.djl.tokenizers;
    requires com.google.gson;
    requires com.sun.jna;
    requires io.github.internvl.grammar;
    requires jdk.jfr;
    requires org.slf4j;
    requires static org.bytedeco.cuda;
    requires static org.bytedeco.javacpp;
    requires static org.jspecify;

    exports io.github.internvl;
    exports io.github.internvl.internal.model to
            io.github.internvl.cli;

    opens io.github.internvl.internal.checkpoint to
            com.google.gson;
}
