package io.github.internvl.examples;

import io.github.internvl.InternVL;
import io.github.internvl.hub.Hub;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.nio.file.Path;

/** Quick start: a model by its name on the hub, and one revision of it with the progress of the download. */
public final class FromTheHub {
    private FromTheHub() {}

    public static void main(String[] args) throws IOException {
        Path file = Inputs.of(args).picture(0);
        // tag::from-the-hub[]
        try (InternVL model = InternVL.load("OpenGVLab/InternVL2_5-1B")) {
            System.out.println(
                    model.chat("describe this image", Image.open(file)).text());
        }
        // end::from-the-hub[]

        // tag::hub-revision[]
        Hub hub = Hub.builder()
                .progress((bytes, total) -> System.out.println(bytes + " of " + total + " bytes"))
                .build();
        try (InternVL model = InternVL.load(hub.fetch("OpenGVLab/InternVL2_5-1B", "main"))) {
            System.out.println(model.info().source());
        }
        // end::hub-revision[]
    }
}
