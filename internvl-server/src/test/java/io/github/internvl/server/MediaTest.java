package io.github.internvl.server;

import static io.github.internvl.server.Demo.ask;
import static io.github.internvl.server.Demo.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.sun.management.ThreadMXBean;
import io.github.internvl.BudgetExceededException;
import io.github.internvl.RequestBudget;
import io.github.internvl.RequestBudget.Work;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.VideoOptions;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class MediaTest {
    private static final int WIDTH = 4000;
    private static final int HEIGHT = 3000;
    private static final long PIXELS = 3L * WIDTH * HEIGHT;
    private static final String LARGE = large("png");

    private final Media media = new Media(ServerOptions.builder().build());

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

    private static Fields place(String url) {
        return Fields.of(Demo.json("{\"url\": \"" + url + "\"}"), Set.of("url", "num_frames"));
    }

    @Test
    void keepsNoMoreMemoryThanPixelsTake() throws IOException {
        Memory memory = new Memory(1 << 30);
        try (Memory.Share share = memory.share(RequestBudget.defaults())) {
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
                    .isInstanceOf(Refusal.class);
            assertThat(memory.used()).isEqualTo(PIXELS + taken);
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void refusesWhatDoesNotFitBeforeThereArePixels() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (String url : List.of(LARGE, large("gif"))) {
            Fields place = place(url);
            Memory memory = new Memory(PIXELS);
            try (Memory.Share share = memory.share(RequestBudget.defaults())) {
                long before = threads.getCurrentThreadAllocatedBytes();
                assertThatThrownBy(() -> media.image(place, share))
                        .isInstanceOfSatisfying(
                                Refusal.class,
                                refusal -> assertThat(refusal.status()).isEqualTo(413));
                assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(PIXELS / 4);
                assertThat(memory.used()).isZero();
            }
        }
    }

    @Test
    void takesAListOfFramesAsItIsGiven() throws IOException {
        try (Memory.Share share = new Memory(1 << 30).share(RequestBudget.defaults())) {
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
                            Fields.of(
                                    Demo.json("{\"url\": \"" + url + "\", \"num_frames\": 1}"),
                                    Set.of("url", "num_frames")),
                            share))
                    .hasSize(1);
        }
    }

    @Test
    void refusesListsOfFramesThatAreTooLongTooLargeOrNoPictures() throws IOException {
        String frame = Base64.getEncoder().encodeToString(flat(10));
        VideoOptions few = VideoOptions.defaults().withMaxPixels(2 * 64 * 48);
        Media narrow = new Media(ServerOptions.builder().videos(few).build());
        try (Memory.Share share = new Memory(1 << 30).share(RequestBudget.defaults())) {
            assertThat(narrow.frames(place("data:video/jpeg;base64," + frame + "," + frame), share))
                    .hasSize(2);
            assertThatThrownBy(() -> narrow.frames(place("data:video/jpeg;base64" + ("," + frame).repeat(3)), share))
                    .hasMessageContaining("must have at most 6144 pixels in all frames");
            assertThatThrownBy(() -> media.frames(place("data:video/jpeg;base64," + ",".repeat(1024)), share))
                    .hasMessageContaining("must have at most 1024 frames");
            assertThatThrownBy(() -> media.frames(place("data:video/jpeg;base64," + frame + ",AAAA"), share))
                    .hasMessageContaining("is no usable video: ");
            assertThatThrownBy(() -> media.frames(place("data:video/jpeg," + frame), share))
                    .hasMessageContaining("must be a data: URL in base64");
        }
    }

    @Test
    void splitsNoLongListOfFrames() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int commas = 4 << 20;
        Fields place = place("data:video/jpeg;base64," + ",".repeat(commas));
        try (Memory.Share share = new Memory(1 << 30).share(RequestBudget.defaults())) {
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
        try (Memory.Share share = new Memory(1 << 30).share(budget)) {
            media.image(place(url), share);
            media.image(place(url), share);
            assertThatThrownBy(() -> media.image(place(url), share))
                    .isInstanceOf(BudgetExceededException.class)
                    .hasMessage("url: a request may take at most 6,144 pixels; ask for less");
        }
    }

    @Test
    void decodesNothingForAClientThatHasLeft() throws IOException {
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(flat(10));
        RequestBudget budget = RequestBudget.defaults();
        budget.cancel();
        try (Memory.Share share = new Memory(1 << 30).share(budget)) {
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

    @Test
    void goesOnAfterManyLargePicturesAtOnce() {
        String part =
                "{\"type\": \"image_url\", \"image_url\": {\"url\": \"" + LARGE + "\", \"max_dynamic_patch\": 1}}";
        String one = ask("[" + part + ", " + text("Why?") + "]", "\"max_tokens\": 1");
        String ten = ask("[" + (part + ", ").repeat(10) + text("Why?") + "]", "\"max_tokens\": 1");
        try (Demo demo = Demo.start()) {
            List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                String body = i % 4 == 0 ? ten : one;
                responses.add(CompletableFuture.supplyAsync(() -> demo.post("/v1/chat/completions", body)));
            }
            for (CompletableFuture<HttpResponse<String>> sent : responses) {
                HttpResponse<String> response = sent.join();
                assertThat(response.statusCode()).isIn(200, 413, 429);
                if (response.statusCode() != 200) {
                    JsonObject error = Demo.json(response.body()).getAsJsonObject("error");
                    assertThat(error.get("code").getAsString()).isIn("request_too_large", "server_busy");
                }
            }
            assertThat(demo.post("/v1/chat/completions", ten).statusCode()).isEqualTo(413);
            assertThat(demo.post("/v1/chat/completions", one).statusCode()).isEqualTo(200);
            assertThat(demo.get("/metrics").body())
                    .contains("requests_inside 0")
                    .doesNotContain("status=\"5");
        }
    }
}
