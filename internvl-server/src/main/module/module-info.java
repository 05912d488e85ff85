/** A model behind OpenAI's HTTP interface. */
module io.github.internvl.server {
    requires transitive io.github.internvl;
    requires transitive io.github.internvl.web;
    requires com.google.gson;
    requires io.javalin;
    requires jakarta.servlet;
    requires kotlin.stdlib;
    requires org.eclipse.jetty.ee10.servlet;
    requires org.eclipse.jetty.http;
    requires org.eclipse.jetty.io;
    requires org.eclipse.jetty.server;
    requires org.eclipse.jetty.util;
    requires org.slf4j;
    requires static org.jspecify;

    exports io.github.internvl.server;

    opens io.github.internvl.server to
            com.google.gson;
    opens io.github.internvl.server.http to
            com.google.gson;
    opens io.github.internvl.server.openai to
            com.google.gson;
}
