package io.github.internvl;

import io.github.internvl.vision.Image;
import java.util.List;

/**
 * One past round of a conversation. Immutable.
 *
 * @param question the question as it stands in the prompt, with its {@code <image>} tags
 * @param images the pictures of the question
 * @param tiling how its pictures are cut into tiles; where it is open, as the request says
 * @param answer the answer
 */
public record Turn(String question, List<Image> images, Tiling tiling, String answer) {

    /** Copies the list. */
    public Turn {
        images = List.copyOf(images);
    }

    /** A round with pictures, with the tiling of the request that contains it. */
    public Turn(String question, List<Image> images, String answer) {
        this(question, images, Tiling.OPEN, answer);
    }

    /** A round without pictures. */
    public Turn(String question, String answer) {
        this(question, List.of(), answer);
    }
}
