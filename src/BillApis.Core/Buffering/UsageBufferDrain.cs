using Microsoft.Extensions.Hosting;

namespace BillApis;

/// <summary>Empties the buffer when a host shuts down, after the web server and every other service has stopped to add to it.</summary>
internal sealed class UsageBufferDrain(UsageBuffer buffer) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Its own time limit holds, even where the others have used the host's up.
    public async Task StoppedAsync(CancellationToken cancellationToken) => await buffer.DisposeAsync().ConfigureAwait(false);
}
