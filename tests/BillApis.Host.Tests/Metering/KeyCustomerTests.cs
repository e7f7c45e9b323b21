using System.Text.Json;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Host.Tests.Metering;

/// <summary>A metered application finds the customer by the keys that billing gave out.</summary>
public sealed class KeyCustomerTests
{
    [Fact]
    public async Task A_request_is_the_customers_that_its_key_belongs_to_and_nobodys_with_any_other_key()
    {
        await using var server = await MeteredServer.StartAsync(
            app =>
            {
                app.UseBillingMetering(metering => metering.CustomerFromApiKey());
                app.MapGet("/hello", () => "Hello").WithMeter("call");
            },
            builder => builder.Services.AddBilling(billing => billing.UseRest()));
        var customer = (await server.Billing.Customers.FindAsync(TenantId.Default, MeteredServer.Acme, TestContext.Current.CancellationToken))!.Id;
        var (acme, nobody, revoked) = (await KeyAsync(server, customer, null), await KeyAsync(server, null, null), await KeyAsync(server, customer, server.Services.GetRequiredService<IClock>().GetCurrentInstant()));
        foreach (var key in new[] { acme, nobody, revoked, "nonsense", acme })
        {
            (await server.GetAsync("/hello", ("X-API-Key", key))).ShouldBe("Hello");
        }

        var customers = (await server.StopAsync()).Select(item => item.Event.Customer).ToList();
        customers.Count(item => item == customer.ToString()).ShouldBe(2, JsonSerializer.Serialize(customers));
        customers.Count(item => item == "unknown").ShouldBe(3);
        (await server.QuantityAsync("calls")).ShouldBe(2);
    }

    private static async Task<string> KeyAsync(MeteredServer server, CustomerId? customer, Instant? revokedAt)
    {
        var id = EntityId.New<ApiKeyId>();
        var text = ApiKeyText.New(ApiKeyMode.Live, id, TenantId.Default);
        var key = new ApiKey
        {
            Id = id, Tenant = TenantId.Default, Name = "Key", Mode = ApiKeyMode.Live, Scopes = ["usage:write"], Prefix = text.Prefix, SecretHash = RandomSecret.HashOf(text.Text), Customer = customer,
            CreatedBy = "test", CreatedAt = server.Services.GetRequiredService<IClock>().GetCurrentInstant(), RevokedAt = revokedAt,
        };
        (await server.Services.GetRequiredService<IStore<ApiKey>>().SaveAsync(TenantId.Default, [key], [], TestContext.Current.CancellationToken)).ShouldBe(SaveResult.Saved);
        return text.Text;
    }
}
