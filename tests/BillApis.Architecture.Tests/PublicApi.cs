using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace BillApis.Architecture.Tests;

/// <summary>Prints the public and protected members of an assembly, one a line, sorted, with nullability.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(int)] = "int", [typeof(long)] = "long", [typeof(decimal)] = "decimal", [typeof(object)] = "object",
    };

    public static string Print(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(Full(type)).Append(Parents(type)).Append('\n');
            var lines = type.IsEnum
                ? type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}")
                : type.GetMembers(Declared).Where(member => !member.IsDefined(typeof(CompilerGeneratedAttribute))).Select(Line).OfType<string>().Distinct().Order(StringComparer.Ordinal);
            foreach (var line in lines)
            {
                text.Append("    ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Kind(Type type) =>
        type.IsInterface ? "interface" : type.IsEnum ? "enum" : type.IsValueType ? "struct"
        : type.IsAbstract && type.IsSealed ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";

    private static string Parents(Type type)
    {
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var parents = type.GetInterfaces().Except(inherited).Where(parent => parent.Namespace is not "System" || parent.Name is "IDisposable" or "IAsyncDisposable")
            .Select(Full).Order(StringComparer.Ordinal).ToList();
        if (!type.IsEnum && type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
        {
            parents.Insert(0, Full(parent));
        }

        return parents.Count == 0 ? "" : " : " + string.Join(", ", parents);
    }

    private static string? Line(MemberInfo member) => member switch
    {
        MethodInfo method when Visible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{Modifiers(method)}{Name(method.ReturnParameter)} {method.Name}{Generics(method)}({Parameters(method)})",
        ConstructorInfo { IsStatic: false } constructor when Visible(constructor) => $"{Modifiers(constructor)}new({Parameters(constructor)})",
        PropertyInfo property when property.GetAccessors(true).Where(Visible).ToList() is [var first, ..] =>
            $"{Modifiers(first)}{(property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "")}{Name(property)} {property.Name}{(property.GetIndexParameters().Length > 0 ? $"[{Parameters(first)}]" : "")} {{ {Accessors(property)}}}",
        EventInfo { AddMethod: { } add } declared when Visible(add) => $"event {Full(declared.EventHandlerType!)} {declared.Name}",
        FieldInfo { IsSpecialName: false } field when field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly =>
            $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field)} {field.Name}{(field.IsLiteral ? $" = {Value(field.GetRawConstantValue())}" : "")}",
        _ => null,
    };

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Modifiers(MethodBase method) =>
        (method.IsPublic ? "" : "protected ") + (method.IsStatic ? "static " : "")
        + (method.DeclaringType!.IsInterface || !method.IsVirtual || method.IsFinal ? "" : method.IsAbstract ? "abstract " : method is MethodInfo overriding && overriding.GetBaseDefinition() != method ? "override " : "virtual ");

    private static string Accessors(PropertyInfo property) =>
        (property.GetMethod is { } getter && Visible(getter) ? "get; " : "")
        + (property.SetMethod is { } setter && Visible(setter) ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; " : "");

    private static string Generics(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Full))}>" : "";

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")
        + string.Join(", ", method.GetParameters().Select(parameter => $"{Way(parameter)}{Name(parameter)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Value(parameter.RawDefaultValue)}" : "")}"));

    private static string Way(ParameterInfo parameter) =>
        !parameter.ParameterType.IsByRef ? parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";

    private static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name(ParameterInfo parameter) => Named(new NullabilityInfoContext().Create(parameter));

    private static string Name(PropertyInfo property) => Named(new NullabilityInfoContext().Create(property));

    private static string Name(FieldInfo field) => Named(new NullabilityInfoContext().Create(field));

    private static string Named(NullabilityInfo info)
    {
        var type = info.Type.IsByRef ? info.Type.GetElementType()! : info.Type;
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Full(value) + "?";
        }

        var name = info.ElementType is { } element ? Named(element) + "[]"
            : type.IsGenericType && info.GenericTypeArguments.Length > 0 ? $"{Short(type)}<{string.Join(", ", info.GenericTypeArguments.Select(Named))}>"
            : Full(type);
        var state = info.ReadState is NullabilityState.Unknown ? info.WriteState : info.ReadState;
        return state is NullabilityState.Nullable && !type.IsGenericParameter ? name + "?" : name;
    }

    private static string Full(Type type) =>
        Nullable.GetUnderlyingType(type) is { } value ? Full(value) + "?"
        : type.IsByRef ? Full(type.GetElementType()!)
        : type.IsArray ? Full(type.GetElementType()!) + "[]"
        : type.IsGenericParameter ? type.Name
        : type.IsGenericType ? $"{Short(type)}<{string.Join(", ", type.GetGenericArguments().Select(Full))}>"
        : Short(type);

    // The names that every reader knows stand alone; ours and the rest with their namespace.
    private static string Short(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        var name = (type.FullName ?? $"{type.Namespace}.{type.Name}").Split('`')[0].Replace('+', '.');
        return type.Namespace is "System" or "System.Collections.Generic" or "System.Collections.Immutable" or "System.Threading" or "System.Threading.Tasks" or "NodaTime" or "Microsoft.Extensions.DependencyInjection"
            ? name[(type.Namespace.Length + 1)..] : name;
    }
}
