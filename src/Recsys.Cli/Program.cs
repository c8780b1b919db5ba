Console.WriteLine("recsys");
return 0;
