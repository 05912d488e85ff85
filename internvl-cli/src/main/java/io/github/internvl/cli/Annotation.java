package io.github.internvl.cli;

import io.github.internvl.ChatResponse;
import io.github.internvl.vision.Image;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * A copy of a picture with boxes drawn on it.
 *
 * @param file the target, which is replaced
 * @param format ImageIO's name of the format
 */
record Annotation(Path file, String format) {
    private static final List<Color> COLORS = List.of(
            new Color(0xE6007E), new Color(0x0072B2), new Color(0x007A5E), new Color(0xB34700), new Color(0x6A3D9A));

    /** An annotation in a file of an existing folder; the file name's ending selects the format. */
    static Annotation at(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(file + ": the folder to write to must exist: " + folder);
        }
        if (name.endsWith(".png")) {
            return new Annotation(file, "png");
        }
        if (name.endsWith(".jpg") || name.endsWith(".jpeg")) {
            return new Annotation(file, "jpeg");
        }
        throw new IllegalArgumentException(
                "the file of an annotated picture must end with .png, .jpg or .jpeg: " + file);
    }

    /** Draws each box with its label, in one color per label, and writes the file atomically. */
    void write(Image picture, List<ChatResponse.Box> boxes) throws IOException {
        BufferedImage drawn = copy(picture);
        Graphics2D pen = drawn.createGraphics();
        int side = Math.max(picture.width(), picture.height());
        pen.setFont(new Font(Font.SANS_SERIF, Font.BOLD, Math.max(12, side / 32)));
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        List<String> labels =
                boxes.stream().map(ChatResponse.Box::label).distinct().toList();
        for (ChatResponse.Box box : boxes) {
            pen.setColor(COLORS.get(labels.indexOf(box.label()) % COLORS.size()));
            draw(pen, box.toPixels(picture.width(), picture.height()), Math.max(2, side / 200));
        }
        try {
            for (ChatResponse.Box box : boxes) { // after all frames, which would run through them
                pen.setColor(COLORS.get(labels.indexOf(box.label()) % COLORS.size()));
                label(pen, box.label(), box.toPixels(picture.width(), picture.height()), drawn.getWidth());
            }
        } catch (InternalError | LinkageError e) { // how Java says that there are no fonts
            throw new IOException(
                    file + ": not written, since Java finds no font for the labels; install one, on Debian the packages"
                            + " fontconfig and fonts-dejavu-core",
                    e);
        }
        pen.dispose();
        save(drawn);
    }

    private static BufferedImage copy(Image picture) {
        BufferedImage copy = new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
        ByteBuffer rgb = picture.rgb();
        for (int y = 0; y < picture.height(); y++) {
            for (int x = 0; x < picture.width(); x++) {
                copy.setRGB(x, y, (rgb.get() & 0xFF) << 16 | (rgb.get() & 0xFF) << 8 | (rgb.get() & 0xFF));
            }
        }
        return copy;
    }

    /** A frame whose outer edge is the box. */
    private static void draw(Graphics2D pen, Rectangle box, int wanted) {
        int line = Math.max(1, Math.min(wanted, Math.min(box.width, box.height) / 2));
        pen.setStroke(new BasicStroke(line, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER));
        int half = line / 2;
        pen.drawRect(box.x + half, box.y + half, box.width - line, box.height - line);
    }

    /** Draws the label on a background of the box's color, above the box, or inside it if there is no room. */
    private static void label(Graphics2D pen, String label, Rectangle box, int width) {
        if (label.isEmpty()) {
            return;
        }
        FontMetrics font = pen.getFontMetrics();
        int wide = font.stringWidth(label) + font.getDescent() * 2;
        int x = Math.max(0, Math.min(box.x, width - wide));
        int y = Math.max(0, box.y - font.getHeight());
        pen.fillRect(x, y, wide, font.getHeight());
        pen.setColor(Color.WHITE);
        pen.drawString(label, x + font.getDescent(), y + font.getAscent());
    }

    private void save(BufferedImage drawn) throws IOException {
        Path part = file.resolveSibling(
                "." + file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (OutputStream out = Files.newOutputStream(
                    part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ImageIO.write(drawn, format, out);
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
