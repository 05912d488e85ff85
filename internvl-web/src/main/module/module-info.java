/** Files from the web under rules. */
module io.github.internvl.web {
    requires kotlin.stdlib;
    requires okhttp3;
    requires okio;
    requires static org.jspecify;

    exports io.github.internvl.web;
}
