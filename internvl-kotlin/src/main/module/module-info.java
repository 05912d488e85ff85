/** Suspending calls, flows and a builder of requests for Kotlin. */
module io.github.internvl.kotlin {
    requires transitive io.github.internvl;
    requires transitive kotlin.stdlib;
    requires transitive kotlinx.coroutines.core;
    requires static org.jspecify;

    exports io.github.internvl.kotlin;
}
