using System.Collections.Concurrent;
using BillApis.AspNetCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

/// <summary>Who forgot the password gets a reset sent; who asks for others learns nothing.</summary>
public sealed class ForgottenPasswordTests(HostFixture host)
{
    [Fact]
    public async Task A_reset_is_sent_to_users_alone_and_all_get_the_same_answer()
    {
        var sent = new ConcurrentQueue<PasswordResetMessage>();
        host.Services.GetRequiredService<RestOptions>().SendPasswordReset = (message, _) =>
        {
            sent.Enqueue(message);
            return Task.CompletedTask;
        };
        var user = await new People(host).AddAsync("support");
        var email = user.GetProperty("email").GetString();
        var customer = Seed.Id(await new Seed(host.Api).CustomerAsync());
        var portal = $"{Seed.Name("forgot")}@example.com";
        (await host.Api.PostAsync($"/customers/{customer}/portal-users", new { email = portal, name = "Ada", password = People.Password })).Ok(201);

        var unknown = await host.Nobody.PostAsync("/auth/password/forgot", new { email = "nobody-at-all@example.com" });
        var known = await host.Nobody.PostAsync("/auth/password/forgot", new { email });
        unknown.Ok(202).GetRawText().ShouldBe(known.Ok(202).GetRawText());
        (await host.Nobody.PostAsync("/auth/password/forgot", new { email = portal })).Ok(202);
        (await host.Nobody.PostAsync("/portal/auth/password/forgot", new { email = portal })).Ok(202);
        await Eventually.TrueAsync(() => Task.FromResult(sent.Count >= 2));
        sent.Select(message => (message.Email, message.IsForPortal)).ShouldBe([(email!, false), (portal, true)], ignoreOrder: true);

        var (mine, theirs) = (sent.Single(message => !message.IsForPortal), sent.Single(message => message.IsForPortal));
        (await host.Nobody.PostAsync("/auth/password/reset", new { token = mine.Token, new_password = "a new password" })).Ok();
        (await host.Nobody.PostAsync("/auth/login", new { email, password = "a new password" })).Ok();
        (await host.Nobody.PostAsync("/portal/auth/password/reset", new { token = theirs.Token, new_password = "a new password" })).Ok();
        host.Services.GetRequiredService<RestOptions>().SendPasswordReset = null;
    }

    [Fact]
    public async Task Nobody_is_flooded()
    {
        var email = $"{Seed.Name("flood")}@example.com";
        for (var i = 0; i < 10; i++)
        {
            (await host.Nobody.PostAsync("/auth/password/forgot", new { email })).Ok(202);
        }

        (await host.Nobody.PostAsync("/auth/password/forgot", new { email })).ShouldFail(429, "RATE_001");
    }
}
