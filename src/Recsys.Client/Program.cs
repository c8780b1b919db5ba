Console.Error.WriteLine("recsys-client: no command yet");
return 2;
