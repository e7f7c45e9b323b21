using BillApis.AspNetCore;
using BillApis.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Architecture.Tests;

/// <summary>docs/rest-api.md is what the endpoints say of themselves.</summary>
public sealed class RestApiTests
{
    private const string File = "docs/rest-api.md";

    [Fact]
    public void The_reference_is_current()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddBilling(billing => billing.UseSqlite("Data Source=:memory:").UseRest(rest => (rest.Standalone, rest.TestClockStart) = (true, Instant.FromUtc(2026, 1, 1, 0, 0))));
        var app = builder.Build();
        app.MapBilling();
        var text = ApiReferenceText.Of(new ApiReference(OpenApiEndpoint.Of(app, "/api/v1")));
        var received = Repository.PathOf("tests", "BillApis.Architecture.Tests", "Approved", "rest-api.received.txt");
        System.IO.File.Delete(received);
        if (Environment.GetEnvironmentVariable("BILLAPIS_APPROVE") is "1")
        {
            System.IO.File.WriteAllText(Repository.PathOf(File), text);
        }

        if (System.IO.File.ReadAllText(Repository.PathOf(File)).ReplaceLineEndings("\n") != text)
        {
            System.IO.File.WriteAllText(received, text);
            Assert.Fail($"{File} is not what the endpoints say, which is in {received}; to write it anew: BILLAPIS_APPROVE=1 dotnet test tests/BillApis.Architecture.Tests");
        }
    }
}
