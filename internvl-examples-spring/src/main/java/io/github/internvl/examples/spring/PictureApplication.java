package io.github.internvl.examples.spring;

import io.github.internvl.demo.DemoModel;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A web application that answers about pictures, with the demo model unless {@code internvl.model} names another. */
@SpringBootApplication(proxyBeanMethods = false)
public final class PictureApplication {
    PictureApplication() {}

    /** Starts it. */
    public static void main(String[] args) {
        application().run(args);
    }

    static SpringApplication application() {
        SpringApplication application = new SpringApplication(PictureApplication.class);
        application.setDefaultProperties(
                Map.of("internvl.model", DemoModel.path().toString()));
        return application;
    }
}
