/** A model as a bean of a Spring Boot application. Open, since Spring makes its beans by reflection. */
open module io.github.internvl.spring.boot {
    requires transitive io.github.internvl;
    requires io.github.internvl.micrometer;
    requires spring.beans;
    requires spring.boot;
    requires spring.boot.autoconfigure;
    requires spring.context;
    requires spring.core;
    requires static io.github.internvl.langchain4j;
    requires static spring.boot.health;
    requires static org.jspecify;

    exports io.github.internvl.spring.boot;
}
