package io.github.internvl.tests.rules;

import com.tngtech.archunit.core.domain.JavaClass;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericDeclaration;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The public types with their public and protected members as sorted text, a line for each. */
final class PublicApi {
    private static final int SHOWN = Modifier.PUBLIC | Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL;

    /** Packages that need no mention; others, such as java.awt with an Image of its own, are written out. */
    private static final Pattern FAMILIAR =
            Pattern.compile("(java\\.(lang|util|io|nio|time)|io\\.github\\.internvl)(\\.[a-z]+)*\\.(?=[A-Z])");

    private static final Set<String> FROM_OBJECT = Set.of("equals", "hashCode", "toString");

    private PublicApi() {}

    static String text() {
        return Product.publicTypes().stream()
                .map(JavaClass::reflect)
                .map(PublicApi::type)
                .collect(Collectors.joining("\n"));
    }

    private static String type(Class<?> type) {
        return Stream.of(
                        lines(type.getDeclaredFields(), PublicApi::field),
                        lines(type.getDeclaredConstructors(), PublicApi::constructor),
                        lines(type.getDeclaredMethods(), PublicApi::method))
                .flatMap(Collection::stream)
                .map(line -> "    " + line + "\n")
                .collect(Collectors.joining("", header(type) + " {\n", "}\n"));
    }

    private static <M extends Member> List<String> lines(M[] members, Function<M, String> line) {
        return Arrays.stream(members)
                .filter(member -> !member.isSynthetic() && !FROM_OBJECT.contains(member.getName()))
                .filter(member -> (member.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0)
                .map(line)
                .sorted()
                .toList();
    }

    private static String header(Class<?> type) {
        boolean open = !type.isInterface() && Modifier.isAbstract(type.getModifiers());
        Type parent = type.getGenericSuperclass();
        boolean extended = kind(type).equals("class") && parent != null && parent != Object.class;
        boolean implied = type.isRecord() || type.isEnum();
        return modifiers(implied ? type.getModifiers() & ~Modifier.FINAL : type.getModifiers())
                + (type.isSealed() ? "sealed " : "")
                + (open ? "abstract " : "")
                + kind(type)
                + " "
                + type.getName()
                + parameters(type)
                + (extended ? " extends " + name(parent) : "")
                + list(type.isInterface() ? " extends " : " implements ", type.getGenericInterfaces())
                + (type.isSealed() ? list(" permits ", type.getPermittedSubclasses()) : "");
    }

    private static String kind(Class<?> type) {
        if (type.isInterface()) {
            return "interface";
        }
        return type.isRecord() ? "record" : type.isEnum() ? "enum" : "class";
    }

    private static String field(Field field) {
        return modifiers(field.getModifiers()) + name(field.getAnnotatedType()) + " " + field.getName();
    }

    private static String constructor(Constructor<?> constructor) {
        return modifiers(constructor.getModifiers())
                + constructor.getDeclaringClass().getSimpleName()
                + arguments(constructor);
    }

    private static String method(Method method) {
        String parameters = parameters(method);
        return modifiers(method.getModifiers())
                + (method.isDefault() ? "default " : "")
                + (parameters.isEmpty() ? "" : parameters + " ")
                + name(method.getAnnotatedReturnType())
                + " "
                + method.getName()
                + arguments(method);
    }

    private static String arguments(Executable executable) {
        String arguments = Arrays.stream(executable.getAnnotatedParameterTypes())
                .map(PublicApi::name)
                .collect(Collectors.joining(", "));
        return "("
                + (executable.isVarArgs() ? arguments.replaceFirst("\\[]$", "...") : arguments)
                + ")"
                + list(" throws ", executable.getGenericExceptionTypes());
    }

    private static String parameters(GenericDeclaration declaration) {
        return Arrays.stream(declaration.getTypeParameters())
                .map(parameter -> parameter.getName() + list(" extends ", parameter.getBounds()))
                .collect(Collectors.collectingAndThen(
                        Collectors.joining(", "), text -> text.isEmpty() ? "" : "<" + text + ">"));
    }

    private static String list(String word, Type[] types) {
        return Arrays.stream(types)
                .filter(type -> type != Object.class)
                .map(PublicApi::name)
                .collect(Collectors.collectingAndThen(
                        Collectors.joining(", "), text -> text.isEmpty() ? "" : word + text));
    }

    private static String modifiers(int modifiers) {
        String text = Modifier.toString(modifiers & SHOWN);
        return text.isEmpty() ? "" : text + " ";
    }

    private static String name(AnnotatedType type) {
        return (type.isAnnotationPresent(Nullable.class) ? "@Nullable " : "") + name(type.getType());
    }

    private static String name(Type type) {
        return FAMILIAR.matcher(type.getTypeName()).replaceAll("").replace('$', '.');
    }
}
