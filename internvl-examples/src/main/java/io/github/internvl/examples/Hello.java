package io.github.internvl.examples;

// tag::hello[]
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.nio.file.Path;

public final class Hello {
    public static void main(String[] args) {
        Image photo = Image.open(Path.of(args[0]));
        try (InternVL model = InternVL.load("OpenGVLab/InternVL2_5-1B")) {
            System.out.println(model.chat("Describe this image.", photo).text());
        }
    }
}
// end::hello[]
