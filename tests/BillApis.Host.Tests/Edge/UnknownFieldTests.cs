using BillApis.Host.Tests.Security;

namespace BillApis.Host.Tests;

/// <summary>A field that an endpoint does not know is refused, also where it takes no body at all.</summary>
public sealed class UnknownFieldTests(HostFixture host)
{
    [Fact]
    public async Task No_endpoint_without_a_body_ignores_what_is_sent_to_it()
    {
        using var client = host.CreateClient();
        var (asked, ignored) = (0, new List<string>());
        foreach (var operation in (await Operation.AllAsync(client)).Where(operation => operation.Method != HttpMethod.Get && !operation.Path.Contains("/portal/", StringComparison.Ordinal) && !operation.Described.TryGetProperty("requestBody", out _)))
        {
            var target = operation.Path.Replace("{month}", "2026-01", StringComparison.Ordinal).Replace("{number}", "1", StringComparison.Ordinal).Replace('{', '_').Replace('}', '_');
            var answer = await host.Api.SendTextAsync(operation.Method, target, """{"surprise":true}""", "application/json");
            asked++;
            if ((answer.Status, answer.Code) != (400, "VAL_001") || !answer.Fields.SequenceEqual(["surprise"]))
            {
                ignored.Add($"{operation}: {answer.Envelope.GetProperty("error")}");
            }
        }

        ignored.ShouldBeEmpty();
        asked.ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task An_empty_object_and_no_body_are_the_same()
    {
        var seed = new Seed(host.Api);
        foreach (var body in new object?[] { null, new { } })
        {
            var invoice = Seed.Id((await host.Api.PostAsync("/invoicing/invoices", new { customer_id = Seed.Id(await seed.CustomerAsync()), currency = "USD", lines = new[] { new { description = "Setup", unit_amount = 1 } } })).Ok(201));
            (await host.Api.PostAsync($"/invoicing/invoices/{invoice}/issue", body)).Ok();
        }
    }
}
