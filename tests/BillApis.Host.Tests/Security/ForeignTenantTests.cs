using System.Text;
using System.Text.Json;
using BillApis.AspNetCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests.Security;

/// <summary>Every operation, called by one tenant with everything that names a thing of another: the answer is that of a thing that is not there, and nothing of the other tenant changes.</summary>
public sealed class ForeignTenantTests
{
    [Fact]
    public async Task Another_tenants_things_are_answered_like_what_is_not_there()
    {
        await using var host = new HostFixture();
        await host.InitializeAsync();
        await FillAsync(host.Api);
        var (_, stranger) = await host.TenantAsync();
        var operations = await Operation.AllAsync(host.CreateClient());
        var names = await NamesAsync(host.Api, operations);
        names.Select(name => name.Split('_')[0]).Distinct().Count().ShouldBeGreaterThan(12, string.Join(" ", names));
        var before = await DataAsync(host);

        var (different, calls) = (new List<string>(), 0);
        foreach (var operation in operations.Where(operation => !operation.IsOpen).OrderBy(operation => operation.Method != HttpMethod.Get))
        {
            foreach (var name in names)
            {
                foreach (var (path, body) in Requests(operation, name))
                {
                    calls++;
                    var (foreign, missing) = (await CallAsync(stranger, operation, path(name), body?.Invoke(name)), await CallAsync(stranger, operation, path(Missing(name)), body?.Invoke(Missing(name))));
                    if (Normal(foreign, name) != Normal(missing, name))
                    {
                        different.Add($"{operation} with {name}:\n  {Normal(foreign, name)}\n  {Normal(missing, name)}");
                    }
                }
            }
        }

        calls.ShouldBeGreaterThan(1_000);
        different.ShouldBeEmpty();
        (await DataAsync(host)).ShouldBe(before);
    }

    private static IEnumerable<(Func<string, string> Path, Func<string, string?>? Body)> Requests(Operation operation, string name)
    {
        if (operation.TakesPath)
        {
            yield return (operation.At, operation.Method == HttpMethod.Get ? null : _ => operation.Body(Missing(name)) ?? "{}");
        }

        foreach (var parameter in operation.References)
        {
            yield return (reference => $"{operation.At(Missing(name))}?{parameter}={Uri.EscapeDataString(reference)}", null);
        }

        if (operation.RefersInBody)
        {
            yield return (_ => operation.At(Missing(name)), operation.Body);
        }
    }

    // One thing at least of every kind, under names that the other tenant does not have.
    private static async Task FillAsync(Api api)
    {
        var seed = new Seed(api);
        var (customer, type) = (await seed.CustomerAsync(), Seed.Name("foreign"));
        var metric = await seed.MetricAsync(type);
        var plan = await seed.PlanAsync(Seed.Id(metric));
        (await api.PostAsync("/products", new { code = Seed.Name("product"), name = "Product" })).Ok(201);
        (await api.PostAsync("/coupons", new { code = Seed.Name("coupon"), name = "Coupon", percent_off = 10, duration = "forever" })).Ok(201);
        (await api.PostAsync("/tax-rates", new { country = "DE", percentage = 19 })).Ok(201);
        await seed.SubscriptionAsync(Seed.Id(customer), Seed.Id(plan), await seed.NowAsync());
        (await api.PostAsync("/usage/events", new { id = Seed.Name("event"), type, customer_id = Seed.Id(customer), properties = new { tokens = 5 } })).Ok(202);
        (await api.PostAsync("/usage/events", new { id = Seed.Name("orphan"), type, customer_id = "nobody", properties = new { tokens = 5 } })).Ok(202);
        var lines = new[] { new { description = "Setup", quantity = 1, unit_amount = 100 } };
        var invoice = (await api.PostAsync("/invoicing/invoices", new { customer_id = Seed.Id(customer), currency = "USD", lines })).Ok(201);
        (await api.PostAsync($"/invoicing/invoices/{Seed.Id(invoice)}/issue")).Ok();
        (await api.PostAsync("/invoicing/credit-memos", new { invoice_id = Seed.Id(invoice), amount = 10, reason = "Kindness" })).Ok(201);
        (await api.PostAsync("/credits/grants", new { customer_id = Seed.Id(customer), amount = 50, currency = "USD", category = "promotional" })).Ok(201);
        (await api.PostAsync("/invoicing/runs?wait=true", new { customer_id = Seed.Id(customer) })).Ok(202);
        (await api.SendTextAsync(HttpMethod.Post, "/usage/imports?wait=true", $$"""{"id":"{{Seed.Name("import")}}","type":"{{type}}","customer_id":"{{Seed.Id(customer)}}"}""", "application/x-ndjson")).Ok(202);
        (await api.PostAsync("/admin/roles", new { code = Seed.Name("role"), name = "Role", permissions = new[] { "plans:read" } })).Ok(201);
        (await api.PostAsync("/admin/api-keys", new { name = "Key", scopes = new[] { "plans:read" } })).Ok(201);
    }

    /// <summary>All ids and names that the tenant's own listings show.</summary>
    private static async Task<List<string>> NamesAsync(Api api, List<Operation> operations)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var operation in operations.Where(operation => operation.Method == HttpMethod.Get && !operation.TakesPath && !operation.IsOpen && operation.AnswersJson))
        {
            var answer = await api.GetAsync(operation.Path);
            if (answer.Status == 200 && answer.Payload.ValueKind is JsonValueKind.Array)
            {
                foreach (var item in answer.Payload.EnumerateArray().Where(item => item.ValueKind is JsonValueKind.Object))
                {
                    names.UnionWith(new[] { "id", "code", "external_id", "number" }.Select(field => item.TryGetProperty(field, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null).OfType<string>());
                }
            }
        }

        // One of each kind, and nothing that every tenant has.
        names.ExceptWith(["owner", "admin", "finance", "support", "developer", "read-only"]);
        return [.. names.Order(StringComparer.Ordinal).DistinctBy(name => name.Split('_', '-', '/')[0])];
    }

    /// <summary>Of the same form, and nobody's.</summary>
    private static string Missing(string name) => name.Length > 26 && name[^27] == '_' ? name[..^26] + "00000000000000000000000042" : name + "-missing";

    private static Task<Answer> CallAsync(Api api, Operation operation, string path, string? body) =>
        api.SendAsync(operation.Method, path, operation.Method == HttpMethod.Get ? null : new StringContent(body ?? "{}", Encoding.UTF8, "application/json"));

    // The words and ids that a request made up differ; whose they are must not.
    private static string Normal(Answer answer, string name)
    {
        var text = answer.Status >= 400 ? answer.Envelope.GetProperty("error").GetRawText() : answer.Payload.ValueKind is JsonValueKind.Array ? $"{answer.Payload.GetArrayLength()} items" : "done";
        foreach (var written in new[] { Missing(name), Uri.EscapeDataString(Missing(name)), name, Uri.EscapeDataString(name) })
        {
            text = text.Replace(written, "NAME", StringComparison.Ordinal);
        }

        text = System.Text.RegularExpressions.Regex.Replace(text, @"word-\d+", "WORD");
        return $"{answer.Status} {text}";
    }

    private static async Task<IReadOnlyList<string>> DataAsync(HostFixture host)
    {
        var lines = new List<string>();
        await foreach (var row in host.Services.GetRequiredService<TenantData>().ReadAsync(TenantId.Default, TestContext.Current.CancellationToken))
        {
            lines.Add($"{row.Table} {row.Row.GetRawText()}");
        }

        lines.Count.ShouldBeGreaterThan(20);
        return [.. lines.Order(StringComparer.Ordinal)];
    }
}
