package io.github.internvl.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.management.ThreadMXBean;
import io.github.internvl.RequestBudget;
import io.github.internvl.RequestBudget.Work;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.HeapBudget;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class MediaReaderTest {
    private static final int WIDTH = 4000;
    private static final int HEIGHT = 3000;
    private static final long PIXELS = 3L * WIDTH * HEIGHT;
    private static final String LARGE = large("png");

    private final MediaReader media = reader(Video.Options.defaults());

    /** A picture whose file is small and whose pixels are not. */
    private static String large(String format) {
        try {
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            ImageIO.write(new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_BINARY), format, file);
            return "data:image/" + format + ";base64," + Base64.getEncoder().encodeToString(file.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MediaReader reader(Video.Options videos) {
        Image.Options images = Image.Options.defaults().withMaxPixels(50_000_000);
        return new MediaReader(new MediaOptions(images, videos, Optional.empty()));
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    private static JsonFields place(String url) {
        return JsonFields.of(json("{\"url\": \"" + url + "\"}"), Set.of("url", "num_frames"));
    }

    @Test
    void keepsNoMoreMemoryThanPixelsTake() throws IOException {
        HeapBudget memory = new HeapBudget(1 << 30);
        try (HeapBudget.Share share = memory.share(RequestBudget.defaults())) {
            Image image = media.image(place(LARGE), share);
            assertThat(image.width()).isEqualTo(WIDTH);
            assertThat(memory.used()).isEqualTo(PIXELS);
            byte[] clip = Files.readAllBytes(DemoModel.sample("clip.mp4"));
            String url = "data:video/mp4;base64," + Base64.getEncoder().encodeToString(clip);
            List<Image> frames = media.frames(place(url), share);
            long taken = frames.stream()
                    .distinct()
                    .mapToLong(frame -> 3L * frame.width() * frame.height())
                    .sum();
            assertThat(memory.used()).isEqualTo(PIXELS + taken);
            assertThatThrownBy(() -> media.image(place("data:image/png;base64,AAAA"), share))
                    .isInstanceOf(ApiException.class);
            assertThat(memory.used()).isEqualTo(PIXELS + taken);
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void refusesWhatDoesNotFitBeforeThereArePixels() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (String url : List.of(LARGE, large("gif"))) {
            JsonFields place = place(url);
            HeapBudget memory = new HeapBudget(PIXELS);
            try (HeapBudget.Share share = memory.share(RequestBudget.defaults())) {
                long before = threads.getCurrentThreadAllocatedBytes();
                assertThatThrownBy(() -> media.image(place, share))
                        .isInstanceOfSatisfying(
                                ApiException.class,
                                refusal -> assertThat(refusal.status()).isEqualTo(413));
                assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(PIXELS / 4);
                assertThat(memory.used()).isZero();
            }
        }
    }

    @Test
    void takesAListOfFramesAsItIsGiven() throws IOException {
        try (HeapBudget.Share share = new HeapBudget(1 << 30).share(RequestBudget.defaults())) {
            List<Image> expected = new ArrayList<>();
            StringBuilder url = new StringBuilder("data:video/jpeg;base64");
            for (int grey : new int[] {10, 200, 90}) {
                byte[] picture = flat(grey);
                expected.add(Image.of(picture));
                url.append(',').append(Base64.getEncoder().encodeToString(picture));
            }
            assertThat(media.frames(place(url.toString()), share))
                    .extracting(Image::contentHash)
                    .containsExactlyElementsOf(
                            expected.stream().map(Image::contentHash).toList());
            assertThat(media.frames(
                            JsonFields.of(
                                    json("{\"url\": \"" + url + "\", \"num_frames\": 1}"), Set.of("url", "num_frames")),
                            share))
                    .hasSize(1);
        }
    }

    @Test
    void refusesListsOfFramesThatAreTooLongTooLargeOrNoPictures() throws IOException {
        String frame = Base64.getEncoder().encodeToString(flat(10));
        Video.Options few = Video.Options.defaults().withMaxPixels(2 * 64 * 48);
        MediaReader narrow = reader(few);
        try (HeapBudget.Share share = new HeapBudget(1 << 30).share(RequestBudget.defaults())) {
            assertThat(narrow.frames(place("data:video/jpeg;base64," + frame + "," + frame), share))
                    .hasSize(2);
            assertThatThrownBy(() -> narrow.frames(place("data:video/jpeg;base64" + ("," + frame).repeat(3)), share))
                    .hasMessageContaining("must have at most 6144 pixels in all frames");
            assertThatThrownBy(() -> media.frames(place("data:video/jpeg;base64," + ",".repeat(1024)), share))
                    .hasMessageContaining("must have at most 1024 frames");
            assertThatThrownBy(() -> media.frames(place("data:video/jpeg;base64," + frame + ",AAAA"), share))
                    .hasMessageContaining("is not a usable video: ");
            assertThatThrownBy(() -> media.frames(place("data:video/jpeg," + frame), share))
                    .hasMessageContaining("must be a data: URL in base64");
        }
    }

    @Test
    void splitsNoLongListOfFrames() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int commas = 4 << 20;
        JsonFields place = place("data:video/jpeg;base64," + ",".repeat(commas));
        try (HeapBudget.Share share = new HeapBudget(1 << 30).share(RequestBudget.defaults())) {
            long before = threads.getCurrentThreadAllocatedBytes();
            assertThatThrownBy(() -> media.frames(place, share)).hasMessageContaining("at most 1024 frames");
            assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                    .isLessThan(3L * commas); // a copy or two of the text
        }
    }

    @Test
    void chargesThePixelsOfAllPictures() throws IOException {
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(flat(10));
        RequestBudget budget =
                RequestBudget.builder().limit(Work.PIXELS, 2 * 64 * 48).build();
        try (HeapBudget.Share share = new HeapBudget(1 << 30).share(budget)) {
            media.image(place(url), share);
            media.image(place(url), share);
            assertThatThrownBy(() -> media.image(place(url), share))
                    .isInstanceOf(RequestBudget.ExceededException.class)
                    .hasMessage("url: a request may take at most 6,144 pixels; ask for less");
        }
    }

    @Test
    void decodesNothingForAClientThatHasLeft() throws IOException {
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(flat(10));
        RequestBudget budget = RequestBudget.defaults();
        budget.cancel();
        try (HeapBudget.Share share = new HeapBudget(1 << 30).share(budget)) {
            assertThatThrownBy(() -> media.image(place(url), share)).isInstanceOf(CancellationException.class);
        }
    }

    private static byte[] flat(int grey) throws IOException {
        BufferedImage picture = new BufferedImage(64, 48, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 64 * 48; i++) {
            picture.getRaster().setSample(i % 64, i / 64, 0, grey);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageIO.write(picture, "jpeg", file);
        return file.toByteArray();
    }
}
