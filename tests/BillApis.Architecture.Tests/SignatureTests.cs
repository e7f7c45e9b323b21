using System.Reflection;
using System.Runtime.CompilerServices;

namespace BillApis.Architecture.Tests;

/// <summary>What every reader may count on: the tenant comes first, the token that stops a call last.</summary>
public sealed class SignatureTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static TheoryData<string> Projects => LayerTests.Projects;

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_token_that_stops_a_call_comes_last(string project) =>
        Methods(project).Where(method => method.GetParameters().SkipLast(1).Any(parameter => parameter.ParameterType == typeof(CancellationToken))).Select(Name).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_tenant_comes_first(string project) =>
        Methods(project).Where(method => method.IsPublic && method.DeclaringType!.IsVisible && Described(method).Skip(1).Any(parameter => parameter.ParameterType == typeof(TenantId))).Select(Name).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Projects))]
    public void What_waits_says_so_and_can_be_stopped(string project) =>
        Methods(project).Where(method => method.IsPublic && method.DeclaringType!.IsVisible && method.ReturnType.IsAssignableTo(typeof(Task)) && method.GetBaseDefinition() == method)
            .Where(method => project is not ("BillApis.Conformance" or "BillApis.Testing"))
            .Where(method => !method.Name.EndsWith("Async", StringComparison.Ordinal) || method.GetParameters().All(parameter => parameter.ParameterType != typeof(CancellationToken)))
            .Select(Name).ShouldBeEmpty();

    private static IEnumerable<ParameterInfo> Described(MethodInfo method) => method.GetParameters().Skip(method.IsDefined(typeof(ExtensionAttribute)) ? 1 : 0);

    private static IEnumerable<MethodInfo> Methods(string project) =>
        Assembly.Load(project).GetTypes().Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute)) && !type.IsAssignableTo(typeof(Delegate)))
            .SelectMany(type => type.GetMethods(Declared)).Where(method => !method.IsDefined(typeof(CompilerGeneratedAttribute)) && !method.Name.Contains('<', StringComparison.Ordinal) && !method.IsSpecialName);

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.FullName}.{method.Name}";
}
