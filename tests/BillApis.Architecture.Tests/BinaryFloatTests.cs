using System.Reflection;

namespace BillApis.Architecture.Tests;

/// <summary>Nothing compiled holds a binary float either: no field, signature or local, declared or inferred.</summary>
public sealed class BinaryFloatTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static TheoryData<string> Projects => LayerTests.Projects;

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_member_or_local_is_a_binary_float(string project) =>
        Assembly.Load(project).GetTypes()
            .SelectMany(type => type.GetMembers(Declared).Where(member => Types(member).Any(IsFloat)).Select(member => $"{type.FullName}.{member.Name}"))
            .ShouldBeEmpty();

    [Fact]
    public void An_inferred_local_is_seen()
    {
        var inferred = GetType().GetMethod(nameof(Inferred), Declared)!;
        Types(inferred).Any(IsFloat).ShouldBeTrue();
    }

#pragma warning disable RS0030 // What the rule is about.
    private static string Inferred(TimeSpan time)
    {
        var seconds = new List<Func<double>> { () => time.TotalSeconds };
        return $"{seconds.Count}";
    }

    private static bool IsFloat(Type type) =>
        type == typeof(double) || type == typeof(float) || type == typeof(Half)
        || (type.HasElementType && IsFloat(type.GetElementType()!)) || type.GetGenericArguments().Any(IsFloat);
#pragma warning restore RS0030

    private static IEnumerable<Type> Types(MemberInfo member) => member switch
    {
        FieldInfo field => [field.FieldType],
        MethodBase method => method.GetParameters().Select(parameter => parameter.ParameterType)
            .Concat(method is MethodInfo { ReturnType: var result } ? [result] : [])
            .Concat(method.GetMethodBody()?.LocalVariables.Select(local => local.LocalType) ?? []),
        _ => [],
    };
}
