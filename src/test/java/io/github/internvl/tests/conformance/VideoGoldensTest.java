package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.vision.FrameSampling;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Clips against what decord says of them (frames, rate, indices, errors) and what decoding them from the beginning gives
 * (each frame's bytes). A frame is taken twice: with all others, and alone.
 */
class VideoGoldensTest {
    private static final Set<Reason> UNUSABLE =
            Set.of(Reason.EMPTY, Reason.NOT_A_VIDEO, Reason.TRUNCATED, Reason.CORRUPT);

    private final List<String> differences = new ArrayList<>();
    private int clips;
    private int queries;
    private int frames;
    private int errors;

    @Test
    void clipsGiveTheReferencesFrames(TestReporter reporter) throws IOException {
        Path root = Goldens.part("preprocess");
        assumeTrue(Files.isDirectory(root.resolve("video_goldens")), () -> "no video goldens in " + root);
        try (Stream<Path> files = Files.list(root.resolve("video_goldens"))) {
            for (Path file : files.sorted().toList()) {
                JsonObject golden = Goldens.json(file);
                compare(root.resolve(golden.get("file").getAsString()), golden);
            }
        }
        reporter.publishEntry(
                "clips",
                "%d clips, %d queries, %d frames, %d errors, %d differences"
                        .formatted(clips, queries, frames, errors, differences.size()));
        assertThat(differences).isEmpty();
        assertThat(clips).isPositive();
    }

    private void compare(Path clip, JsonObject golden) {
        boolean readable = golden.get("status").getAsString().equals("ok");
        try {
            Video video = Video.open(clip);
            check(clip + " can be opened", true, readable);
            if (readable) {
                clips++;
                check(clip + " frames", golden.get("frames").getAsInt(), video.frameCount());
                check(clip + " rate", golden.get("avg_fps").getAsDouble(), video.framesPerSecond());
                golden.getAsJsonArray("queries").forEach(query -> compareQuery(video, query.getAsJsonObject()));
                compareFrames(video, golden);
            }
        } catch (MediaException e) {
            errors++;
            check(clip + " can be opened", false, readable);
            check(e.getMessage() + ": " + e.reason(), true, UNUSABLE.contains(e.reason()));
        }
    }

    private void compareQuery(Video video, JsonObject query) {
        FrameSampling sampling = FrameSampling.frames(query.get("num_segments").getAsInt());
        if (Goldens.has(query, "bound")) {
            List<JsonElement> bound = query.getAsJsonArray("bound").asList();
            sampling = sampling.between(bound.get(0).getAsDouble(), bound.get(1).getAsDouble());
        }
        boolean outside = query.has("out_of_range") && query.get("out_of_range").getAsBoolean();
        String found;
        try {
            found = Arrays.toString(sampling.indices(video.frameCount(), video.framesPerSecond()));
        } catch (MediaException e) {
            found = e.reason().toString();
        }
        String expected =
                outside ? Reason.OUT_OF_RANGE.toString() : Arrays.toString(Goldens.ints(query.get("indices")));
        check(video + " " + sampling, expected, found);
        queries++;
    }

    private void compareFrames(Video video, JsonObject golden) {
        List<Image> all = video.sample(FrameSampling.all());
        for (JsonElement element : golden.getAsJsonArray("frames_rgb")) {
            JsonObject frame = element.getAsJsonObject();
            int index = frame.get("index").getAsInt();
            double time = index / video.framesPerSecond();
            Image alone =
                    video.sample(FrameSampling.frames(1).between(time, time)).get(0);
            String expected = frame.get("rgb_sha256").getAsString();
            check(video + " frame " + index + " with all", expected, sha256(all.get(index)));
            check(video + " frame " + index + " alone", expected, sha256(alone));
            frames++;
        }
        check(video + " width", golden.get("width").getAsInt(), all.get(0).width());
        check(video + " height", golden.get("height").getAsInt(), all.get(0).height());
    }

    private void check(String what, Object expected, Object found) {
        if (!expected.equals(found)) {
            differences.add(what + ": expected " + expected + ", found " + found);
        }
    }

    private static String sha256(Image image) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(image.rgb());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
