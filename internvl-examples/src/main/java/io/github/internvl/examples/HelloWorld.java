package io.github.internvl.examples;

import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.nio.file.Path;

/** LMDeploy, a 'Hello, world' example: one picture, one question. */
public final class HelloWorld {
    private HelloWorld() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path folder = inputs.model();
        Path file = inputs.picture(0);
        // tag::hello-world[]
        try (InternVL model = InternVL.load(folder)) {
            System.out.println(
                    model.chat("describe this image", Image.open(file)).text());
        }
        // end::hello-world[]
    }
}
