package io.github.internvl.examples;

import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import io.github.internvl.web.RemoteMedia;
import io.github.internvl.web.RemoteMediaException;
import java.net.URI;
import java.time.Duration;

/** A picture at an untrusted address: here one inside a cloud host's own network, which is refused. */
public final class PictureFromTheWeb {
    private static final URI METADATA = URI.create("http://169.254.169.254/latest/meta-data/");

    private PictureFromTheWeb() {}

    public static void main(String[] args) {
        URI address = args.length > 0 ? URI.create(args[0]) : METADATA;
        try (InternVL model = InternVL.load(Inputs.of().model())) {
            // tag::picture-from-the-web[]
            RemoteMedia rules = RemoteMedia.builder()
                    .allowHost("*.example.com")
                    .maxBytes(20 << 20)
                    .timeout(Duration.ofSeconds(10))
                    .build();
            try {
                Image picture = Image.of(rules.fetch(address));
                System.out.println(model.chat("describe this image", picture).text());
            } catch (RemoteMediaException e) {
                System.out.println(e.reason() + ": " + e.getMessage());
            }
            // end::picture-from-the-web[]
        }
    }
}
