using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Every operation of the OpenAPI document was called with success by some test of this assembly.</summary>
[Collection(Last)]
public sealed class RouteCoverageTests(HostFixture host)
{
    public const string Last = "route coverage";

    [Fact]
    public async Task Every_documented_route_is_called_by_a_test()
    {
        using var client = host.CreateClient();
        var document = JsonElement.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken));
        var documented = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")).ToList();
        documented.ShouldNotBeEmpty();
        documented.Except(host.Called.Succeeded).ShouldBeEmpty("no test calls these with success (run the whole suite, not this test alone)");
    }
}
