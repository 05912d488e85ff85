package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.internvl.fixtures.Checkout;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Configurations that several versions of transformers have saved ({@code make_saved.py}), beside the weights that they
 * describe: settings and answers must be those of the original.
 */
class SavedByVersionsTest {
    private static final ConformanceReport REPORT = new ConformanceReport("saved by versions of transformers");
    private static final Path SAVED = Checkout.ROOT.resolve("src/test/resources/goldens/saved");
    private static final int MAX_TILES = 6; // of the saved processor, unlike the original's

    @AfterAll
    static void report(TestReporter reporter) {
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> readsTheSettingsOfTheOriginal() {
        return saved().map(folder -> dynamicTest(named(folder), () -> {
            ModelConfig found = Checkpoint.config(folder);
            base(folder).ifPresentOrElse(base -> compare(found, Checkpoint.config(base.model())), () -> {
                ModelConfig original =
                        Checkpoint.config(variant("tiny-qwen").orElseThrow().model());
                assertThat(found.language()).isEqualTo(original.language());
                assertThat(found.vision()).isEqualTo(original.vision());
                assertThat(found.maxTiles()).isEqualTo(MAX_TILES);
                assertThat(found.storedFormat()).isEqualTo(original.storedFormat());
            });
            REPORT.checked(named(folder), "settings");
        }));
    }

    @TestFactory
    Stream<DynamicNode> answersAsTheOriginal() {
        return saved().filter(folder -> base(folder).isPresent())
                .map(folder -> dynamicTest(named(folder), () -> answer(folder)));
    }

    @Test
    void coversBothLayoutsSavedByVersionsFourAndFive() {
        List<String> names = saved().map(SavedByVersionsTest::named).toList();

        assertThat(names)
                .contains("4.37.2/tiny-qwen", "4.52.1/tiny-internlm2-hf", "4.57.1/tiny-internlm2-hf")
                .contains("5.24.0/tiny-internlm2-hf", "5.24.0/tiny-internlm2", "5.24.0/tiny-qwen-hf");
    }

    private static void compare(ModelConfig found, ModelConfig original) {
        boolean hf = original.layout() == ModelConfig.Layout.NATIVE;

        assertThat(found).usingRecursiveComparison().ignoringFields("maxTiles").isEqualTo(original);
        assertThat(found.maxTiles()).isEqualTo(hf ? MAX_TILES : original.maxTiles());
    }

    private static void answer(Path folder) {
        GoldenVariant original = base(folder).orElseThrow();
        Overlay overlay = new Overlay(original, named(folder).replace('/', '-'));
        if (Files.exists(folder.resolve("processor_config.json"))) {
            overlay.without("preprocessor_config.json");
        }
        GoldenVariant variant = overlay.with(folder).variant();
        try (EngineSubject loaded = EngineSubject.load(variant, 4, 512, 4)) {
            for (GoldenCase golden : variant.cases()) {
                if (golden.isAnswered() && !golden.isBatch() && !golden.isSearched()) {
                    for (GoldenCase.Round round : golden.rounds()) {
                        Goldens.compareIds(
                                round + ": generated_ids",
                                round.generatedIds(),
                                loaded.ask(round).get().ids());
                        REPORT.checked(named(folder), "answers");
                    }
                }
            }
        }
    }

    private static Optional<GoldenVariant> base(Path folder) {
        return variant(String.valueOf(folder.getFileName()));
    }

    private static Optional<GoldenVariant> variant(String name) {
        return CaseVariants.find(Goldens.all().get(0).variants(), name);
    }

    private static String named(Path folder) {
        return SAVED.relativize(folder).toString().replace('\\', '/');
    }

    private static Stream<Path> saved() {
        return entries(SAVED).stream().flatMap(version -> entries(version).stream());
    }

    private static List<Path> entries(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
