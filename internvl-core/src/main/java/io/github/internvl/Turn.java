package io.github.internvl;

import io.github.internvl.vision.Image;
import java.util.List;

/**
 * One past round of a conversation. Immutable.
 *
 * @param question what was asked, as it stands in the prompt: an {@code <image>} tag where pictures were put in
 * @param images the pictures of the question
 * @param answer what was answered
 */
public record Turn(String question, List<Image> images, String answer) {

    /** Copies the list. */
    public Turn {
        images = List.copyOf(images);
    }

    /** A round without pictures. */
    public Turn(String question, String answer) {
        this(question, List.of(), answer);
    }
}
