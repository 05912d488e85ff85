package io.github.internvl.tests.attack;

import java.util.ArrayList;
import java.util.List;

/** A JSON text that a generator has made, which may be no JSON at all: names may come twice and numbers be anything. */
sealed interface Node {
    /** A value as it is written. */
    record Leaf(String text) implements Node {}

    /** An array. */
    record Items(List<Node> items) implements Node {}

    /** An object. */
    record Members(List<Member> members) implements Node {}

    /**
     * A field of an object.
     *
     * @param name the name in quotes, with its escapes
     */
    record Member(String name, Node value) {}

    /** A string of these characters. */
    static Node string(String text) {
        return new Leaf(Bodies.quoted(text));
    }

    static Node raw(String text) {
        return new Leaf(text);
    }

    static Node array(List<Node> items) {
        return new Items(items);
    }

    /** An object of names and values by turns. */
    static Node object(Object... namesAndValues) {
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            members.add(new Member(Bodies.quoted((String) namesAndValues[i]), (Node) namesAndValues[i + 1]));
        }
        return new Members(members);
    }

    /** The text. */
    default String text() {
        StringBuilder text = new StringBuilder();
        write(text);
        return text.toString();
    }

    private void write(StringBuilder out) {
        if (this instanceof Leaf leaf) {
            out.append(leaf.text());
        } else if (this instanceof Items array) {
            String separator = "[";
            for (Node item : array.items()) {
                item.write(out.append(separator));
                separator = ", ";
            }
            out.append(array.items().isEmpty() ? "[]" : "]");
        } else if (this instanceof Members object) {
            String separator = "{";
            for (Member member : object.members()) {
                member.value().write(out.append(separator).append(member.name()).append(": "));
                separator = ", ";
            }
            out.append(object.members().isEmpty() ? "{}" : "}");
        }
    }

    /** The texts that one removal makes of this one: an item or a field less, or a value that is null, the larger first. */
    default List<Node> smaller() {
        List<Node> all = new ArrayList<>();
        if (this instanceof Items array) {
            List<Node> items = array.items();
            for (int i = 0; i < items.size(); i++) {
                all.add(new Items(without(items, i)));
                for (Node less : items.get(i).smaller()) {
                    all.add(new Items(with(items, i, less)));
                }
            }
        } else if (this instanceof Members object) {
            List<Member> members = object.members();
            for (int i = 0; i < members.size(); i++) {
                all.add(new Members(without(members, i)));
                for (Node less : members.get(i).value().smaller()) {
                    all.add(new Members(
                            with(members, i, new Member(members.get(i).name(), less))));
                }
            }
        } else if (this instanceof Leaf leaf && leaf.text().length() > 40) {
            all.add(new Leaf("null"));
        }
        return all;
    }

    private static <T> List<T> without(List<T> all, int index) {
        List<T> less = new ArrayList<>(all);
        less.remove(index);
        return less;
    }

    private static <T> List<T> with(List<T> all, int index, T item) {
        List<T> other = new ArrayList<>(all);
        other.set(index, item);
        return other;
    }
}
