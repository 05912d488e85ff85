/** Models by name, in the cache shared with Python. */
module io.github.internvl.hub {
    requires com.google.gson;
    requires kotlin.stdlib;
    requires okhttp3;
    requires okio;
    requires org.slf4j;
    requires static org.jspecify;

    exports io.github.internvl.hub;
}
