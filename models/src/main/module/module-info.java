/** The demo model and its sample pictures. */
module io.github.internvl.demo {
    requires static org.jspecify;

    exports io.github.internvl.demo;
}
