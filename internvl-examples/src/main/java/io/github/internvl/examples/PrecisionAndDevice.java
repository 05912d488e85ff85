package io.github.internvl.examples;

import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.vision.Image;
import java.nio.file.Path;

/** Model loading in 16 bits: number format, device and limits of a model. */
public final class PrecisionAndDevice {
    private PrecisionAndDevice() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path folder = inputs.model();
        Path file = inputs.picture(0);
        // tag::precision-and-device[]
        try (InternVL model = InternVL.builder(folder)
                .precision(Precision.BFLOAT16)
                .device("cpu") // or cuda:0
                .contextLength(4096)
                .maxConcurrent(4)
                .load()) {
            System.out.println(
                    model.chat("describe this image", Image.open(file)).text());
        }
        // end::precision-and-device[]
    }
}
