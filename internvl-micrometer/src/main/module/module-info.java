/** A model's metrics in a Micrometer registry. */
module io.github.internvl.micrometer {
    requires transitive io.github.internvl;
    requires transitive micrometer.core;
    requires static org.jspecify;

    exports io.github.internvl.micrometer;
}
