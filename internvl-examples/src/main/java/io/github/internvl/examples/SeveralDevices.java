package io.github.internvl.examples;

import io.github.internvl.DeviceMap;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.nio.file.Path;

/** Multiple GPUs: a model spread over all devices there are. */
public final class SeveralDevices {
    private SeveralDevices() {}

    public static void main(String[] args) throws IOException {
        Inputs inputs = Inputs.of(args);
        Path folder = inputs.model();
        Path file = inputs.picture(0);
        // tag::several-devices[]
        try (InternVL model = InternVL.builder(folder)
                .devices(DeviceMap.auto().offloadToCpu())
                .load()) {
            System.out.println(model.devices().layers());
            System.out.println(
                    model.chat("describe this image", Image.open(file)).text());
        }
        // end::several-devices[]
    }
}
