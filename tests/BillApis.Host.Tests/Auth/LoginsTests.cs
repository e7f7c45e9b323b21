using BillApis.AspNetCore;
using BillApis.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

/// <summary>An e-mail address is one user's from the moment that something is made for that user.</summary>
public sealed class LoginsTests(HostFixture host)
{
    [Fact]
    public async Task While_something_is_made_for_a_user_nobody_else_takes_the_address_and_after_a_failure_anybody_does()
    {
        var logins = host.Services.GetRequiredService<Logins>();
        var (first, second) = (Person(), Person());
        second = second with { Email = first.Email };
        var stop = TestContext.Current.CancellationToken;
        var failed = await Should.ThrowAsync<InvalidOperationException>(() => logins.AddWithAsync(
            first,
            async () =>
            {
                var made = false;
                var refused = await Should.ThrowAsync<BillingException>(() => logins.AddWithAsync(second, () => Task.FromResult(made = true), stop));
                (refused.Code, made).ShouldBe((BillingErrorCode.Conflict, false));
                return made ? 1 : throw new InvalidOperationException("cut off");
            },
            stop));
        failed.Message.ShouldBe("cut off");
        (await logins.FindAsync(Realm.Portal, first.Email, stop)).ShouldBeNull();

        (await logins.AddWithAsync(second, () => Task.FromResult(7), stop)).ShouldBe(7);
        (await logins.FindAsync(Realm.Portal, first.Email, stop))!.Id.ShouldBe(second.Id);
        (await logins.TakeAsync(first, stop)).ShouldBeFalse();
    }

    private static User Person() => new()
    {
        Tenant = TenantId.Default,
        Customer = EntityId.New<CustomerId>(),
        Email = $"{Seed.Name("held")}@example.com",
        Name = "Ada",
        PasswordHash = "none",
        CreatedAt = RealTime.Now,
    };
}
