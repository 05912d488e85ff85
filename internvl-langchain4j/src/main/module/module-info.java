/** A model as the chat models, the batch model and the token counter of LangChain4j. */
module io.github.internvl.langchain4j {
    requires transitive io.github.internvl;
    requires transitive io.github.internvl.web;
    requires transitive langchain4j.core;
    requires com.google.gson;
    requires org.slf4j;
    requires static org.jspecify;

    exports io.github.internvl.langchain4j;
}
