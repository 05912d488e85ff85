package io.github.internvl.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A unit test of a pipeline, with a real model behind it and without a network. */
class InspectionTest {
    // tag::pipeline-test[]
    private static InternVL model;

    @BeforeAll
    static void load() {
        model = InternVL.load(DemoModel.path());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void countsTheShapesOfEachPicture() {
        List<Path> pictures = List.of(DemoModel.sample("shapes.png"), DemoModel.sample("clip-1.png"));
        assertThat(new Inspection(model).count(pictures)).containsExactly(4, 1);
    }

    @Test
    void followsTheBallFromFrameToFrame() {
        List<Path> frames = List.of(
                DemoModel.sample("clip-1.png"),
                DemoModel.sample("clip-2.png"),
                DemoModel.sample("clip-3.png"),
                DemoModel.sample("clip-4.png"));
        assertThat(new Inspection(model).direction("ball", frames)).isEqualTo("It moves to the right.");
    }
    // end::pipeline-test[]
}
