package io.github.internvl.examples;

import io.github.internvl.InternVL;
import io.github.internvl.micrometer.MicrometerMetrics;
import io.github.internvl.vision.Image;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;

/** A model's numbers in a Micrometer registry, and from the model itself. */
public final class Metrics {
    private Metrics() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path folder = inputs.model();
        Image photo = Image.open(inputs.picture(0));
        MeterRegistry registry = new SimpleMeterRegistry(); // or the one that the application has
        // tag::metrics[]
        try (InternVL model = InternVL.builder(folder)
                .metrics(new MicrometerMetrics(registry))
                .load()) {
            System.out.println(model.chat("describe this image", photo).text());
            double generated =
                    registry.get("internvl.tokens.generated").counter().count();
            System.out.println(Math.round(generated) + " tokens");
            System.out.println(model.stats().generatedTokens() + " tokens");
        }
        // end::metrics[]
    }
}
